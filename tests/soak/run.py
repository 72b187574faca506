#!/usr/bin/env python3
"""Runs the programs of a soak, samples them each second, and writes what it found; scripts/soak calls it."""

import argparse
import csv
import datetime
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import report  # noqa: E402
import verdicts  # noqa: E402

START_PATIENCE = 60
END_PATIENCE = 120
COLUMNS = ["second", "phase",
           *(f"{who}_{what}" for who in ("server", "clients", "probe") for what in ("rss_kib", "descriptors", "threads")),
           "probes", "p50_us", "p99_us", "max_us", "asked", "answered", "failed", "lost", "wrong", "cuts", "groups",
           "server_channels", "server_received", "server_violations", "server_hello_timeouts", "server_pool_outstanding"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="folder of the programs soak and hostile_peer")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--no-hostile", action="store_true")
    parser.add_argument("--kinds", help="of hostile peers, as hostile_peer --kind; default all")
    options = parser.parse_args()
    date = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    options.out = options.out or ROOT / "build" / f"soak-{date}"
    return options


def fields(line):
    """{'asked': '5', ...} of the words with a = in a line."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def aside():
    """What hostile peers do is theirs to pay: they get what the others leave of the processors, so that only the work they
    make for the server counts, as if they came from other machines."""
    return ["chrt", "--idle", "0"] if shutil.which("chrt") else ["nice", "-n", "19"]


class Program:
    """One process of the soak, and what it has said so far."""

    def __init__(self, command, name, log):
        self.name = name
        self.lines = []
        self.samples = []  # latencies since they were last taken
        self.now = {}
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                kind = line.split(" ", 1)[0].strip()
                if kind == "us":
                    self.samples += [int(word) for word in line.split()[1:]]
                elif kind == "now":
                    self.now = fields(line)
                else:
                    self.lines.append(line.strip())
                self.changed.notify_all()

    def wait_for(self, kind):
        with self.changed:
            found = lambda: next((line for line in self.lines if line.startswith(kind)), None)
            self.changed.wait_for(lambda: found() or self.process.poll() is not None, START_PATIENCE)
            if not found():
                raise RuntimeError(f"{self.name} did not start")
            return fields(found())

    def take_samples(self):
        with self.changed:
            samples, self.samples = self.samples, []
            return samples

    def finish(self):
        """Tells it to end; its exit status, or None when it did not."""
        self.process.stdin.close()
        try:
            self.process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # leaves a core where cores are left
            self.process.wait()
            return None
        self.reader.join(END_PATIENCE)
        return self.process.returncode

    def usage(self):
        """Resident memory in KiB, descriptors, threads; nothing when it has ended."""
        folder = pathlib.Path("/proc") / str(self.process.pid)
        try:
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
            return int(status["VmRSS"].split()[0]), len(os.listdir(folder / "fd")), int(status["Threads"])
        except (OSError, KeyError, ValueError):
            return None, None, None


class Soak:
    def __init__(self, options):
        self.options = options
        self.out = options.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.log = open(self.out / "stderr.log", "w")
        self.rows = []
        self.latencies = {"quiet": [], "hostile": []}
        self.hostile = []
        self.programs = []

    def start(self, name, *words):
        program = Program([str(self.options.programs / "soak"), name, *words, "--seed", str(self.options.seed)], name, self.log)
        self.programs.append(program)
        return program

    def run(self):
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            self.server = self.start("server", "--path", folder + "/server")
            self.where = self.server.wait_for("listening")
            address = ["--port", self.where["port"], "--path", self.where["path"]]
            self.clients = self.start("clients", *address)
            self.probe = self.start("probe", *address)
            try:
                self.sample()
                self.end_hostile()
                statuses = {program.name: program.finish() for program in (self.probe, self.clients, self.server)}
            finally:
                for program in self.programs:
                    if program.process.poll() is None:
                        program.process.kill()
                for hostile in self.hostile:
                    if hostile.poll() is None:
                        hostile.kill()
        return statuses

    def sample(self):
        seconds = self.options.seconds
        begin = time.monotonic()
        turn = seconds / 4
        warm = min(10.0, turn / 3)  # pools fill, connections are made: belongs to neither phase
        for second in range(1, int(seconds) + 1):
            time.sleep(max(0.0, begin + second - time.monotonic()))
            passed = time.monotonic() - begin
            if passed >= turn and not self.hostile and self.has_hostile():
                self.start_hostile(seconds - passed)
            phase = "warming" if second <= warm else "quiet" if second <= turn else "hostile"
            self.take_row(second, phase)
            if any(program.process.poll() is not None for program in self.programs):
                print("a program has ended before its time", flush=True)
                return

    def take_row(self, second, phase):
        row = {"second": second, "phase": phase}
        for program in self.programs:
            for what, value in zip(("rss_kib", "descriptors", "threads"), program.usage()):
                row[f"{program.name}_{what}"] = value
        samples = sorted(self.probe.take_samples())
        if phase in self.latencies:
            self.latencies[phase] += samples
        row["probes"] = len(samples)
        if samples:
            row |= {"p50_us": verdicts.percentile(samples, 50), "p99_us": verdicts.percentile(samples, 99), "max_us": samples[-1]}
        for name in ("asked", "answered", "failed", "lost", "wrong", "cuts", "groups"):
            row[name] = self.clients.now.get(name)
        for name in ("channels", "received", "violations", "hello_timeouts", "pool_outstanding"):
            row[f"server_{name}"] = self.server.now.get(name)
        self.rows.append(row)
        if second % 60 == 0 or self.options.seconds < 60 and second % 5 == 0:
            print(f"  {second} s, {phase}: answered {row['answered']}, lost {row['lost']}, server {row['server_rss_kib']} KiB and "
                  f"{row['server_descriptors']} descriptors, p99 {row.get('p99_us')} us", flush=True)

    def has_hostile(self):
        return not self.options.no_hostile and (self.options.programs / "hostile_peer").exists()

    def start_hostile(self, seconds):
        addresses = [f"tcp|127.0.0.1|{self.where['port']}", f"uds|{self.where['path']}"]
        for number, address in enumerate(addresses):
            log = open(self.out / f"hostile-{number}.log", "w")
            command = [*aside(), str(self.options.programs / "hostile_peer"), "--address", address, "--seconds",
                       f"{max(1.0, seconds - 1):.0f}", "--sources", "16", "--seed", str(self.options.seed + number),
                       *(["--kind", self.options.kinds] if self.options.kinds else [])]
            self.hostile.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))

    def end_hostile(self):
        for hostile in self.hostile:
            try:
                hostile.wait(10)
            except subprocess.TimeoutExpired:
                hostile.terminate()
                hostile.wait(10)

    def write_csv(self):
        with open(self.out / "soak.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.rows)


def main():
    options = parse_arguments()
    print(f"== soaking for {options.seconds:g} s, seed {options.seed}, into {options.out}", flush=True)
    soak = Soak(options)
    statuses = soak.run()
    soak.write_csv()
    found = verdicts.judge(soak, statuses, fields)
    (soak.out / "said.txt").write_text("".join(f"{program.name}: {line}\n" for program in soak.programs for line in program.lines))
    report.write(soak, found)
    print(report.table(found))
    print(f"== {soak.out}/summary.md")
    return 0 if all(verdict.held is not False for verdict in found) else 1


if __name__ == "__main__":
    sys.exit(main())
