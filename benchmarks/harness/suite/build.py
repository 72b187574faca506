"""Gets the machine ready and builds the programs."""

import os
import shutil
import subprocess

PACKAGES = ("libcli11-dev", "nlohmann-json3-dev", "pkgconf", "libzmq3-dev", "libnng-dev", "libgrpc++-dev", "libcaf-dev",
            "libcapnp-dev", "capnproto", "strace")
COMPARED = {"libzmq3-dev": "ZeroMQ", "libnng-dev": "nng", "libgrpc++-dev": "gRPC", "libcapnp-dev": "Cap'n Proto",
            "libcaf-dev": "CAF"}


def versions():
    """What we compare with, as far as Debian's packages tell."""
    if not shutil.which("dpkg-query"):
        return "unknown"
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${source:Upstream-Version}\n", *COMPARED],
                           capture_output=True, text=True, check=False).stdout
    pairs = [line.split() for line in found.splitlines()]
    return ", ".join(f"{COMPARED[pair[0]]} {pair[1]}" for pair in pairs if len(pair) == 2)


def missing_packages():
    if not shutil.which("dpkg-query"):
        return []
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Status}\n", *PACKAGES, "pkg-config"],
                           capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in found.splitlines() if line.endswith(" installed")}
    if "pkg-config" in installed:
        installed.add("pkgconf")
    return [package for package in PACKAGES if package not in installed]


def bootstrap(root):
    """Installs through apt what is missing; without the rights to, the peers concerned are left out."""
    scripts = root / "scripts" / "lib"
    if (scripts / "bootstrap.sh").exists():
        subprocess.run(["bash", "-ec", '. "$1/common.sh"; . "$1/bootstrap.sh"; bootstrap', "bash", str(scripts)],
                       check=True)
    missing = missing_packages()
    if not missing:
        return
    if not shutil.which("apt-get") or (os.geteuid() != 0 and not shutil.which("sudo")):
        print(f"not installed, what needs them is left out: {' '.join(missing)}")
        return
    print(f"installing: {' '.join(missing)}", flush=True)
    root_prefix = [] if os.geteuid() == 0 else ["sudo"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run([*root_prefix, "apt-get", "update", "-qq"], check=False, **quiet)
    for package in missing:  # one by one: a package that a release lacks costs only itself
        done = subprocess.run([*root_prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y",
                               "-qq", "--no-install-recommends", package], check=False, **quiet)
        if done.returncode != 0:
            print(f"cannot install {package}, what needs it is left out")


def build(root, build_dir, jobs):
    """Configures a release build with the peers and builds what is measured."""
    options = ["-DTEMPEH_BUILD_BENCHMARKS=ON", "-DTEMPEH_BUILD_PEERS=ON"]
    if build_dir == root / "build" / "release" and (root / "CMakePresets.json").exists():
        configure = ["cmake", "--preset", "release", *options]
    else:
        configure = ["cmake", "-S", str(root), "-B", str(build_dir), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     *options]
    subprocess.run(configure, cwd=root, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(["ninja", "-C", str(build_dir), "-t", "targets", "all"], capture_output=True, text=True,
                            check=True).stdout
    known = {line.split(":")[0] for line in listed.splitlines()}
    targets = [target for target in ("bench_peers", "tempeh_bench", "bench_macro", "bench_counters") if target in known]
    print(f"building: {' '.join(targets)}", flush=True)
    # A program that does not compile is left out like one whose library is missing.
    done = subprocess.run(["cmake", "--build", str(build_dir), "--parallel", str(jobs), "--target", *targets, "--",
                           "-k", "0"], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-3000:])
        print("not everything was built; going on with what there is")
