#!/usr/bin/env python3
"""tempeh request --stream: a file larger than memory should hold, both ways, checked and with flat memory.

By itself it sends 64 MiB; scripts/stream_check runs the same with a gigabyte (TEMPEH_STREAM_MIB).
"""

import hashlib
import os
import re
import subprocess
import time
import unittest

import support
from support import SANITIZED, TOOL, ToolTest, tool

MIB = 1024 * 1024
SIZE = int(os.environ.get("TEMPEH_STREAM_MIB", "64")) * MIB
FLAT = 16 * MIB  # how much more memory a large stream may take than a small one


def writeFile(path, size):
    """Content that repeats nowhere near; gives its checksum."""
    digest = hashlib.sha256()
    block = bytearray(os.urandom(MIB))
    with open(path, "wb") as file:
        for number in range(size // MIB):
            block[:8] = number.to_bytes(8, "big")
            file.write(block)
            digest.update(block)
    return digest.hexdigest()


def checksumOf(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else sha256(file)


def sha256(file):
    digest = hashlib.sha256()
    while block := file.read(MIB):
        digest.update(block)
    return digest.hexdigest()


def peakOf(pid):
    """Most memory that a living process has held, bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024


def runMeasured(*arguments):
    """Exit code and most memory held of a run of the tool; looked at while it runs."""
    process = subprocess.Popen([TOOL, *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, peakOf(process.pid))
        except (OSError, AttributeError):  # it has just ended: a process without memory has no such line
            pass
        time.sleep(0.002)
    return process.returncode, peak


class Stream(ToolTest):
    def exchange(self, server, address, size):
        """Sends a file to an echo server; how much memory client and server took at most."""
        source, copy = self.folder / "source", self.folder / "copy"
        checksum = writeFile(source, size)
        started = time.monotonic()
        code, client = runMeasured("request", address, "--stream", "-f", source, "-o", copy)
        seconds = time.monotonic() - started
        self.assertEqual(code, 0)
        self.assertEqual(checksumOf(copy), checksum)
        peak = peakOf(server.process.pid)
        print(f"{size // MIB} MiB there and back in {seconds:.2f} s, client {client / MIB:.1f} MiB, "
              f"server {peak / MIB:.1f} MiB", flush=True)
        return client, peak

    def testThereAndBackInFlatMemory(self):
        for address in ["127.0.0.1:0", self.udsAddress()]:
            server, address = self.listen("--echo", "-q", address=address)
            small = self.exchange(server, address, 4 * MIB)
            large = self.exchange(server, address, SIZE)
            if SANITIZED:
                continue  # freed memory is kept there
            self.assertLess(large[0] - small[0], FLAT, "client")
            self.assertLess(large[1] - small[1], FLAT, "server")

    def testIntoAProgram(self):
        checksum = writeFile(self.folder / "source", 8 * MIB)
        _, address = self.listen("--exec", "sha256sum")
        result = tool("request", address, "--stream", "-f", self.folder / "source")
        self.assertEqual(result.out.decode().split()[0], checksum)

    def testOutOfAProgram(self):
        _, address = self.listen("--exec", "head -c 5000000 /dev/zero")
        self.assertEqual(len(tool("request", address, "").out), 5_000_000)

    def testReplyToAStream(self):
        server, address = self.listen("--reply", "got it")
        result = tool("request", address, "--stream", data=b"x" * 1_000_000)
        self.assertEqual(result.out, b"got it")
        self.assertRegex(result.err, r"sent 1\.0 MB, received 6 B in ")
        server.waitFor("1000000 bytes in 16 parts")

    def testEmptyStream(self):
        _, address = self.listen("--echo")
        result = tool("request", address, "--stream", "")
        self.assertEqual((result.code, result.out), (0, b""))

    def testSlowInputIsAnsweredWhileItComes(self):
        """Both directions at once: the answer to the first bytes is there before the last are sent."""
        _, address = self.listen("--exec", "head -c 10")
        client = subprocess.Popen([TOOL, "request", address, "--stream"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        client.stdin.write(b"0123456789" * 7000)
        client.stdin.flush()
        self.assertEqual(client.stdout.read(10), b"0123456789")
        client.stdin.close()
        self.assertEqual(client.wait(support.PATIENCE), 0)
        client.stdout.close()

    def testUnreadableInputFails(self):
        _, address = self.listen("--echo")
        result = tool("request", address, "--stream", "-f", self.folder)  # a folder opens, but cannot be read
        self.assertRuns(result, 2)
        self.assertIn("cannot read", result.err)

    def testServerThatDiesInTheMiddle(self):
        server, address = self.listen("--echo", "-q")
        client = subprocess.Popen([TOOL, "request", address, "--stream"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdin.write(b"x" * 500_000)
        client.stdin.flush()
        client.stdout.read(100_000)
        server.process.kill()
        client.stdout.read()
        self.assertEqual(client.wait(support.PATIENCE), 1)
        self.assertIn(b"tempeh: ", client.stderr.read())
        for pipe in [client.stdin, client.stdout, client.stderr]:
            pipe.close()


if __name__ == "__main__":
    support.main()
