"""One run of one program: its processes, their lines of results, and how much else the machine did meanwhile."""

import functools
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace

from .plan import ONE_CORE

TICKS = os.sysconf("SC_CLK_TCK")
COUNTERS = "libbench_counters.so"
COUNTED = ("allocations", "locks", "syscalls", "wakes")


# What is kept of a line of results.
KEPT = ("messages", "messagesPerSecond", "bytesPerSecond", "rttP50Ns", "rttP99Ns", "rttP999Ns", "clientCpuNsPerMessage",
        "serverCpuNsPerMessage", "clientMemoryBytes", "serverMemoryBytes", *COUNTED, *(name + "Worse" for name in COUNTED),
        "disturbed", "attempt")


class RunFailed(Exception):
    pass


def find_built(build_dir, *names):
    for name in names:
        for path in sorted(pathlib.Path(build_dir, "benchmarks").rglob(name)):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    return None


class Cores:
    """The cores that are measured on; this process keeps off them where it can."""

    def __init__(self, wanted=None):
        available = sorted(os.sched_getaffinity(0))
        self.measured = wanted or available[-2:][::-1]  # interrupts mostly arrive on the first
        if len(self.measured) < 2:
            self.measured = [self.measured[0]] * 2
        rest = set(available) - {self.measured[0]}
        if rest:
            os.sched_setaffinity(0, rest)

    def of(self, case):
        """(server's core, client's core)"""
        first, second = self.measured[:2]
        return (first, first) if case.pinning == ONE_CORE else (first, second)


def busy_seconds(cores):
    """Time the cores were not idle, since boot."""
    busy = 0
    with open("/proc/stat", encoding="ascii") as stat:
        for line in stat:
            name, *fields = line.split()
            if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
                numbers = [int(field) for field in fields[:8]]
                busy += sum(numbers) - numbers[3] - numbers[4]  # idle, iowait
    return busy / TICKS


def read_line(process, seconds):
    """One line of its standard output; '' when it ended or said nothing in time."""
    line = b""
    until = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            return ""
        byte = os.read(process.stdout.fileno(), 1)
        if not byte:
            return ""
        line += byte
    return line.decode().strip()


def reap(process):
    """Waits and returns (exit code, user + system seconds)."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def stop(process):
    if process.returncode is None:
        process.kill()
        reap(process)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


def result_of(process, line, who):
    """(its line of results, CPU seconds it took); it must have ended well."""
    if not line:
        process.kill()
    code, cpu = reap(process)
    if code != 0 or not line:
        raise RunFailed((process.stderr.read().decode() or f"the {who} gave no result").strip())
    return json.loads(line), cpu


def arguments(program, case, seconds, rate=None):
    line = ["--workload", case.program_workload, "--size", str(case.size), "--seconds", f"{seconds:g}"]
    line += ["--connections", str(case.connections), "--spin-us", str(case.spin_us)]
    if rate:
        line += ["--rate", f"{rate:.0f}"]
    if case.workload == "setup":
        line += ["--count", "5000"]  # local ports and TIME_WAIT are finite
    if program.mode:
        line += ["--mode", program.mode]
    return line


class Launcher:
    """Starts the processes of one run; `prefix` goes in front of each command, `preload` into its environment."""

    def __init__(self, prefix=(), preload=None):
        self.prefix = list(prefix)
        self.environment = {**os.environ, **({"LD_PRELOAD": str(preload)} if preload else {})}
        self.started = []

    def start(self, command, stdin=subprocess.DEVNULL):
        process = subprocess.Popen([*self.prefix, *map(str, command)], stdin=stdin, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0, env=self.environment)
        self.started.append(process)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.started:
            stop(process)


def run_pair(launcher, program, binary, case, seconds, cpus, folder, rate=None):
    """Two processes: (the client's results with the server's inside, CPU seconds of both)."""
    address = f"uds|{folder}/socket" if case.transport == "uds" else "tcp|127.0.0.1|0"
    common = arguments(program, case, seconds, rate)
    server = launcher.start([binary, "--role", "server", "--address", address, "--cpu", cpus[0], *common],
                            subprocess.PIPE)
    ready = read_line(server, 10)
    if not ready.startswith("ready "):
        raise RunFailed("the server did not start")
    bound = ready.split(" ", 1)[1]
    client = launcher.start([binary, "--role", "client", "--address", bound, "--cpu", cpus[1], *common])
    result, client_cpu = result_of(client, read_line(client, 30 + 20 * seconds), "client")
    server.stdin.close()
    result["server"], server_cpu = result_of(server, read_line(server, 10), "server")
    return result, client_cpu + server_cpu


def run_alone(launcher, program, binary, case, seconds, cpus, folder):
    """Both parties in one process."""
    command = [binary, "--role", "both", "--address", program.in_process.format(folder=folder), "--cpu", cpus[0]]
    if cpus[1] != cpus[0]:
        command += ["--second-cpu", cpus[1]]
    process = launcher.start([*command, *arguments(program, case, seconds)])
    result, cpu = result_of(process, read_line(process, 30 + 20 * seconds), "program")
    result["serverCpuNsPerMessage"] = 0.0  # what the client's half measured is the process's
    result["serverMemoryBytes"] = 0
    return result, cpu


def flatten_counts(result):
    """What was counted per message: of both sides together and of the worse one."""
    sides = [result.get("steady", {}), result["server"].get("steady", {})]
    for name in COUNTED:
        values = [side[name] for side in sides if name in side]
        if len(values) == 2:
            result[name], result[name + "Worse"] = sum(values), max(values)


def run_once(program, binary, case, seconds, cores, preload=None, prefix=(), rate=None):
    """The client's results as a dictionary, with the server's beside them."""
    cpus = cores.of(case)
    run = run_alone if case.in_process else functools.partial(run_pair, rate=rate)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Launcher(prefix, preload) as launcher:
        started, busy = time.monotonic(), busy_seconds(set(cpus))
        result, cpu = run(launcher, program, binary, case, seconds, cpus, folder)
        elapsed = time.monotonic() - started
        others = max(0.0, busy_seconds(set(cpus)) - busy - cpu) / (elapsed * len(set(cpus)))
    result["disturbed"] = round(others, 3)
    return result


def trimmed(result):
    """Only what the report needs, in the digits that mean something."""
    return {name: float(f"{result[name]:.6g}") if isinstance(result[name], float) else result[name]
            for name in KEPT if name in result}


def peak_of(program, binary, case, seconds, cores):
    """What the program does with 64 in flight, in messages a second."""
    return run_once(program, binary, replace(case, workload="pipeline", load=0), seconds, cores)["messagesPerSecond"]


def run_undisturbed(program, binary, case, seconds, cores, limit, retries, rate=None):
    """The least disturbed of up to 1 + retries runs; the first one below the limit ends the search."""
    best = None
    for attempt in range(1 + retries):
        result = run_once(program, binary, case, seconds, cores, rate=rate)
        result["attempt"] = attempt + 1
        if best is None or result["disturbed"] < best["disturbed"]:
            best = result
        if best["disturbed"] <= limit:
            break
    return trimmed(best)


def traced_calls(path):
    """The total of a summary that strace -c wrote."""
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields and fields[-1] == "total":
            return int(fields[3])
    raise RunFailed("strace gave no total")


def count_with_strace(program, binary, case, seconds, cores):
    """System calls per message of both sides where the kernel's trace points are out of reach: of the whole run, the
    start included, so rather too many."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        own_file = ["sh", "-c", f'exec strace -f -c -o {folder}/calls.$$ "$@"', "sh"]  # one for each process
        result = run_once(program, binary, case, seconds, cores, prefix=own_file)
        calls = [traced_calls(path) for path in pathlib.Path(folder).glob("calls.*")]
    return {"syscalls": sum(calls) / result["messages"], "syscallsWorse": max(calls) / result["messages"]}


def run_counted(program, binary, case, seconds, cores, counters):
    """Counts instead of times: allocations, locks, system calls and, for our own, wakes per message."""
    result = run_once(program, binary, case, seconds, cores, preload=counters)
    flatten_counts(result)
    if "syscalls" not in result and shutil.which("strace"):
        result |= count_with_strace(program, binary, case, seconds, cores)
    result["attempt"], result["disturbed"] = 1, 0.0  # counts do not mind
    return trimmed(result)
