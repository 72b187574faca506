# shellcheck shell=bash
# Shared by the scripts: messages, jobs, configure and build.

tempeh_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# One job per core, but never more than memory allows: an Asio translation unit takes about 1 GB.
default_jobs() {
    local cores memory_gb
    cores="$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"
    memory_gb="$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null)"
    if [ -n "$memory_gb" ] && [ "$memory_gb" -lt "$cores" ]; then cores=$((memory_gb > 0 ? memory_gb : 1)); fi
    echo "$cores"
}

# build_preset <preset> <jobs> [target...]: configures when needed (or when the presets changed) and builds.
build_preset() {
    local preset="$1" jobs="$2" build_dir="$tempeh_root/build/$1"
    shift 2
    mkdir -p "$tempeh_root/build"
    if [ ! -f "$build_dir/build.ninja" ] || [ "$tempeh_root/CMakePresets.json" -nt "$build_dir/build.ninja" ]; then
        (cd "$tempeh_root" && cmake --preset "$preset" >"$tempeh_root/build/.configure.log" 2>&1) ||
            { cat "$tempeh_root/build/.configure.log" >&2; die "cmake --preset $preset failed"; }
    fi
    if [ $# -gt 0 ]; then
        cmake --build "$build_dir" --parallel "$jobs" --target "$@"
    else
        cmake --build "$build_dir" --parallel "$jobs"
    fi
}

# Sanitizers of older compilers do not start where the kernel randomises addresses widely.
run_without_aslr() {
    if command -v setarch >/dev/null && setarch "$(uname -m)" -R true 2>/dev/null; then
        setarch "$(uname -m)" -R "$@"
    else
        "$@"
    fi
}
