#!/usr/bin/env python3
"""Runs every benchmark program that was built for a few messages of each workload, checks included.
Usage: smoke.py BUILD_DIR"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from suite import measure, plan  # noqa: E402

SECONDS = 0.01
CASES = [plan.Case(workload) for workload in ("latency", "throughput", "pipeline")]
CASES += [plan.Case("fanin", connections=10), plan.Case("throughput", 65000, "uds"), plan.Case("latency", spin_us=50)]
CASES += [plan.Case("open", load=50), plan.Case("setup", connections=10)]
CASES += [plan.Case(workload, transport="inproc") for workload in plan.IN_PROCESS]
CASES += [plan.Case(workload) for workload in plan.COUNTED]


def main(build_dir):
    cores, counters = measure.Cores(), measure.find_built(build_dir, measure.COUNTERS)
    failed = ran = 0
    for program in plan.PROGRAMS:
        binary = measure.find_built(build_dir, *program.binaries)
        for case in CASES:
            if not binary or not plan.takes_part(program, plan.Entry(case)) or (case.counted and not counters):
                continue
            ran += 1
            try:
                measure.run_once(program, binary, case, SECONDS, cores, counters if case.counted else None)
            except measure.RunFailed as failure:
                failed += 1
                print(f"{program.name}, {case.label}: {failure}")
    print(f"{ran} runs, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
