#!/usr/bin/env python3
"""Standard input, output and error that are closed, blocked or a terminal, and peers that write to them."""

import os
import signal
import subprocess
import threading
import unittest

import support
from support import TOOL, RawClient, ToolTest, frame, hello, onTerminal, tool

ESCAPE = b"\x1b]0;owned\x07\x1b[2J"


class FullPipe:
    """A pipe that nobody reads: a program that writes to it stands still once it is full."""

    def __init__(self, test):
        self.read, self.write = os.pipe()
        test.addCleanup(os.close, self.read)

    def start(self, *arguments):
        process = subprocess.Popen([TOOL, *map(str, arguments)], stdout=self.write, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL)
        os.close(self.write)
        return process


class Blocked(ToolTest):
    def flood(self, address, count):
        """Sends more than the pipe holds; ends when the other side closes."""
        client = RawClient(address)
        client.send(hello())
        client.receive()

        def send():
            try:
                for number in range(2, count):
                    client.send(frame(support.SIGNAL, number, body=b"x" * 1000))
            except OSError:
                pass

        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(client.close)
        return client

    def end(self, process, number):
        process.send_signal(number)
        code = process.wait(support.PATIENCE)
        process.stderr.close()
        return code

    def testListenGoesOnAnsweringAndEnds(self):
        for number in [signal.SIGTERM, signal.SIGINT]:
            pipe = FullPipe(self)
            process = pipe.start("listen", "127.0.0.1:0", "--echo")
            line = b""
            while not line.endswith(b"\n"):
                line += os.read(pipe.read, 1)
            address = line.decode().split()[1]
            self.flood(address, 5000)
            other = RawClient(address)  # its answer does not wait for the reader of the output
            other.send(hello(), frame(support.REQUEST, 2, body=b"still there?"))
            other.receive()
            self.assertEqual(other.receive()[4], b"still there?")
            other.close()
            self.assertEqual(self.end(process, number), 0)

    def testForwardEnds(self):
        _, server = self.listen("--echo", "-q")
        pipe = FullPipe(self)
        process = pipe.start("forward", "127.0.0.1:0", server, "--print", "--body", "100000")
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(pipe.read, 1)
        self.flood(line.decode().split()[1], 20_000)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def testRequestEnds(self):
        _, address = self.listen("--exec", "head -c 3000000 /dev/zero")
        pipe = FullPipe(self)
        process = pipe.start("request", address, "--stream", "-f", "/dev/null")
        os.read(pipe.read, 1)  # the answer has begun; the rest does not fit
        self.assertEqual(self.end(process, signal.SIGTERM), 130)


class Closed(ToolTest):
    def run_(self, redirection, *arguments):
        return subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirection}', TOOL, *arguments], capture_output=True,
                              timeout=support.PATIENCE, check=False)

    def testInputThatIsClosedIsEmpty(self):
        _, address = self.listen("--echo", "-q")
        result = self.run_("<&-", "request", address, "-q")
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def testOutputThatIsClosedIsAnError(self):
        result = self.run_(">&-", "decode", "--hex", "00010000000000000000000100000000")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"cannot write the output", result.stderr)

    def testFullDiskIsAnError(self):
        result = self.run_(">/dev/full", "decode", "--hex", "00010000000000000000000100000000")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"cannot write the output: No space left on device", result.stderr)

    def testErrorOutputThatIsClosedChangesNothing(self):
        _, address = self.listen("--echo", "-q")
        result = self.run_("2>&-", "request", address, "x")
        self.assertEqual((result.returncode, result.stdout), (0, b"x"))


class Escapes(ToolTest):
    """What a peer sends must not reach the terminal as commands to it."""

    def testBodyOfAnAnswer(self):
        _, address = self.listen("--echo", "-q")
        path = self.folder / "body"
        path.write_bytes(ESCAPE + "Grüße\n".encode())
        shown = onTerminal("request", address, "-q", "-f", path)
        self.assertEqual(shown.replace(b"\r\n", b"\n"), rb"\x1b]0;owned\x07\x1b[2J" + "Grüße\n".encode())
        self.assertEqual(tool("request", address, "-q", "-f", path).out, path.read_bytes())  # a pipe gets every byte

    def testHeadersAndReasons(self):
        header = "a:\u009b2Jx"  # a control character that a text header can carry
        _, address = self.listen("-H", header, "-q")
        result = tool("request", address, "x", "-i")
        self.assertIn(r"a: \xc2\x9b2Jx", result.err)
        self.assertNotIn("\u009b", result.err)


if __name__ == "__main__":
    support.main()
