# shellcheck shell=bash
# Finds what the build needs, installs through apt what is missing; on other systems says what to install.

# probe_headers <macro expression that must hold> <header>...: does the compiler find them?
probe_headers() {
    local condition="$1" header source=""
    shift
    for header in "$@"; do source+="#include <$header>"$'\n'; done
    source+="#if !($condition)"$'\n#error too old\n#endif\n'
    printf '%s' "$source" | "${CXX:-c++}" -std=c++20 -x c++ -fsyntax-only - >/dev/null 2>&1
}

version_at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# The first package with headers of Boost 1.81 or newer that this release offers.
boost_package() {
    local package version
    for package in libboost-dev libboost1.90-dev libboost1.88-dev libboost1.83-dev libboost1.81-dev; do
        version="$(apt-cache policy "$package" 2>/dev/null | awk '/Candidate:/ { print $2 }')"
        case "$version" in "" | "(none)") continue ;; esac
        if version_at_least 1.81 "$version"; then echo "$package"; return; fi
    done
    die "this release has no Boost 1.81 or newer; install its headers by hand"
}

# The probes, one a line: name of the Debian package (boost: whichever fits) when something is missing.
missing_packages() {
    command -v "${CXX:-c++}" >/dev/null || echo g++
    { command -v cmake >/dev/null && version_at_least 3.25 "$(cmake --version | awk 'NR == 1 { print $3 }')"; } || echo cmake
    command -v ninja >/dev/null || echo ninja-build
    command -v python3 >/dev/null || echo python3
    # One compiler run when all is there; only a failure asks which.
    if probe_headers 'BOOST_VERSION >= 108100' boost/version.hpp fmt/core.h spdlog/version.h gtest/gtest-message.h \
        gmock/internal/gmock-port.h CLI/Version.hpp nlohmann/json_fwd.hpp openssl/opensslv.h; then
        return
    fi
    probe_headers 'BOOST_VERSION >= 108100' boost/version.hpp || echo boost
    probe_headers 1 fmt/core.h || echo libfmt-dev
    probe_headers 1 spdlog/version.h || echo libspdlog-dev
    probe_headers 1 gtest/gtest-message.h || echo libgtest-dev
    probe_headers 1 gmock/internal/gmock-port.h || echo libgmock-dev
    probe_headers 1 CLI/Version.hpp || echo libcli11-dev
    probe_headers 1 nlohmann/json_fwd.hpp || echo nlohmann-json3-dev
    probe_headers 1 openssl/opensslv.h || echo libssl-dev
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else
        return 1
    fi
}

# apt_install <package>...: never removes a package of yours, except on a CI machine.
apt_install() {
    local keep=--no-remove
    if [ -n "${CI:-}" ]; then keep=; fi
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $keep "$@" </dev/null >/dev/null
}

# bootstrap [extra package...]: leaves the machine able to build. The extra ones are commands' packages in the form
# command=package, wanted only where the command is missing.
bootstrap() {
    local missing wanted extra
    missing="$(missing_packages)"
    for extra in "$@"; do
        command -v "${extra%%=*}" >/dev/null || missing+=" ${extra#*=}"
    done
    # shellcheck disable=SC2086
    set -- $missing
    if [ $# -eq 0 ]; then return; fi

    if ! command -v apt-get >/dev/null; then
        die "missing: $*. Install a C++20 compiler (GCC 12, Clang 16 or newer), CMake 3.25, Ninja, Python 3," \
            "Boost 1.81 (headers), fmt, spdlog, GoogleTest, CLI11 and nlohmann-json with your system's packages, then run this again."
    fi
    say "installing: $*"
    as_root apt-get update -qq </dev/null >/dev/null ||
        die "cannot install: need root or sudo. As root: apt-get install $*  (boost: libboost1.81-dev or newer)"
    wanted=()
    for extra in "$@"; do
        if [ "$extra" = boost ]; then extra="$(boost_package)" || exit 1; fi
        wanted+=("$extra")
    done
    apt_install "${wanted[@]}" ||
        die "apt-get install ${wanted[*]} failed (it must not remove anything: an older Boost in the way?)"
    missing="$(missing_packages)"
    if [ -n "$missing" ]; then die "still missing after the installation: ${missing//$'\n'/ }"; fi
}
