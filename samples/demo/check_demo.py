#!/usr/bin/env python3
"""Runs the demo for a second, with its output in a pipe, and checks what it says.

Usage: check_demo.py PROGRAM
"""

import pathlib
import re
import subprocess
import sys

CLIENTS = {"ada": ("TCP", "coroutine"), "alan": ("TCP", "thread"), "edsger": ("Unix", "coroutine"),
           "grace": ("Unix", "thread"), "john": ("TCP", "coroutine"), "mary": ("Unix", "thread")}


def number(text):
    return int(text.replace(",", ""))


def find(pattern, text, what):
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise AssertionError(f"the output does not show {what}")
    return match


def check(output):
    assert "\x1b" not in output, "escape sequences in plain output"
    answers = 0
    for name, (transport, style) in CLIENTS.items():
        row = find(rf"^{name} +{transport} +(.+?) +{style} +([\d,]+) +[\d.]+ +([\d.]+) +([\d.]+) ", output, name)
        assert number(row.group(2)) > 0, f"{name} got no answer"
        assert 0 < float(row.group(3)) <= float(row.group(4)), f"{name} shows no round-trip times"
        assert re.match(r"127\.0\.0\.1\|\d+$" if transport == "TCP" else r"pid \d+ uid \d+$", row.group(1)), \
            f"{name} has the peer {row.group(1)}"
        answers += number(row.group(2))
    checked = number(find(r"All clients said bye\. ([\d,]+) answers, all correct and in order", output, "the end").group(1))
    assert checked == answers, f"{checked} answers checked, {answers} given"
    counted = find(r"messages +([\d,]+) in, ([\d,]+) out", output, "the counters")
    assert number(counted.group(1)) > answers and number(counted.group(2)) > answers, "the engine counted too few"
    find(r"lost +0 messages returned unsent, 0 peers broke the protocol", output, "that nothing was lost")
    find(r"shutdown +complete", output, "a complete shutdown")
    path = find(r"uds\|(\S+)", output, "the Unix socket").group(1)
    assert not pathlib.Path(path).exists(), f"{path} was left behind"


def main():
    done = subprocess.run([sys.argv[1], "--quick"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=100, check=False)
    print(done.stdout)
    assert done.returncode == 0, f"exit status {done.returncode}"
    check(done.stdout)


if __name__ == "__main__":
    main()
