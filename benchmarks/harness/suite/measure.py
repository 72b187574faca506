"""One run of one program: a server, a client, their lines of results, and how much else the machine did meanwhile."""

import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

from .plan import ONE_CORE

TICKS = os.sysconf("SC_CLK_TCK")


class RunFailed(Exception):
    pass


def find_binary(program, build_dir):
    for name in program.binaries:
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


def arguments(program, case, seconds):
    line = ["--workload", case.program_workload, "--size", str(case.size), "--seconds", f"{seconds:g}"]
    line += ["--connections", str(case.connections), "--spin-us", str(case.spin_us)]
    if case.workload == "setup":
        line += ["--count", "5000"]  # local ports and TIME_WAIT are finite
    if program.mode:
        line += ["--mode", program.mode]
    return line


def run_once(program, binary, case, seconds, cores):
    """The client's results as a dictionary, with the server's beside them."""
    server_core, client_core = cores.of(case)
    used = {server_core, client_core}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        address = f"uds|{folder}/socket" if case.transport == "uds" else "tcp|127.0.0.1|0"
        common = arguments(program, case, seconds)
        started, busy = time.monotonic(), busy_seconds(used)
        server = subprocess.Popen(
            [binary, "--role", "server", "--address", address, "--cpu", str(server_core), *common],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        client = None
        try:
            ready = read_line(server, 10)
            if not ready.startswith("ready "):
                raise RunFailed("the server did not start")
            client = subprocess.Popen(
                [binary, "--role", "client", "--address", ready.split(" ", 1)[1], "--cpu", str(client_core), *common],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
            line = read_line(client, 30 + 20 * seconds)
            if not line:
                client.kill()
            code, client_cpu = reap(client)
            if code != 0 or not line:
                raise RunFailed((client.stderr.read().decode() or "the client gave no result").strip())
            server.stdin.close()
            server_line = read_line(server, 10)
            if not server_line:
                server.kill()
            code, server_cpu = reap(server)
            if code != 0 or not server_line:
                raise RunFailed((server.stderr.read().decode() or "the server gave no result").strip())
        finally:
            for process in filter(None, (client, server)):
                stop(process)
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream:
                        stream.close()
        elapsed = time.monotonic() - started
        others = max(0.0, busy_seconds(used) - busy - client_cpu - server_cpu) / (elapsed * len(used))
    result = json.loads(line)
    result["server"] = json.loads(server_line)
    result["disturbed"] = round(others, 3)
    return result


def run_undisturbed(program, binary, case, seconds, cores, limit, retries):
    """The least disturbed of up to 1 + retries runs; the first one below the limit ends the search."""
    best = None
    for attempt in range(1 + retries):
        result = run_once(program, binary, case, seconds, cores)
        result["attempt"] = attempt + 1
        if best is None or result["disturbed"] < best["disturbed"]:
            best = result
        if best["disturbed"] <= limit:
            break
    return best
