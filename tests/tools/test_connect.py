#!/usr/bin/env python3
"""tempeh connect: lines out, what arrives in, on a pipe and on a terminal."""

import os
import pty
import signal
import subprocess
import unittest

import support
from support import TOOL, ToolTest, frame, tool
from test_request import FakeServer, sayHello


class Connect(ToolTest):
    def testEachLineIsARequestAndItsAnswerIsPrinted(self):
        _, address = self.listen("--exec", "tr a-z A-Z", "-q")
        result = tool("connect", address, data=b"one\ntwo\nlast without an end")
        self.assertRuns(result)
        self.assertEqual(result.out, b"ONE\nTWO\nLAST WITHOUT AN END\n")
        self.assertEqual(result.err, f"connected to {address}\n")

    def testSignals(self):
        server, address = self.listen()
        self.assertRuns(tool("connect", address, "--signals", "-H", "by:test", data=b"reload\n"))
        server.waitFor("Signal")
        self.assertIn("by: test", server.waitFor("by"))
        self.assertIn("reload", server.waitFor("reload"))

    def testAnswersThatSayNoAreShownAndCount(self):
        _, address = self.listen("--exec", "cat; exit 3", "-q")
        result = tool("connect", address, data=b"please\n")
        self.assertRuns(result, 1)
        self.assertEqual(result.out, b"status 3: please\n")

    def testNoAnswerInTime(self):
        _, address = self.listen("--no-answer", "-q")
        result = tool("connect", address, "-t", "50ms", data=b"hello\n")
        self.assertRuns(result, 1)
        self.assertIn(b"no answer in time", result.out)

    def testWhatTheServerSendsIsShownAndItsRequestsAreAnswered(self):
        answered = []

        def script(client):
            sayHello(client)
            client.send(frame(support.SIGNAL, 7, body=b"news"), frame(support.REQUEST, 8, body=b"are you there?"))
            answered.append(client.receive()[0:3])
            client.send(frame(support.BYE_REQUEST, 9))
            client.receive()

        server = FakeServer(script)
        result = tool("connect", server.address, "--watch")
        server.join()
        self.assertRuns(result)
        self.assertRegex(result.out.decode(), r"^Signal id 7, 4 bytes\n    news\nRequest id 8, 14 bytes\n    are you there\?\n$")
        self.assertEqual(answered[0][2], 8)
        self.assertIn("closed by the server: bye exchanged", result.err)

    def testAServerThatGoesAwayIsAFailureWithItsReason(self):
        def script(client):
            sayHello(client)

        server = FakeServer(script)
        result = tool("connect", server.address, "--watch")
        server.join()
        self.assertRuns(result, 1)
        self.assertIn("closed by the server", result.err)

    def testALineThatNoMessageCanCarryIsAUsageError(self):
        _, address = self.listen("--echo", "-q")
        result = tool("connect", address, data=b"x" * 70000 + b"\n")
        self.assertRuns(result, 2)
        self.assertIn("65535", result.err)

    def testInterruptEndsItAlsoWhenTheServerIsStopped(self):
        server, address = self.listen("--echo", "-q")
        client = self.start("connect", address, data="")
        client.process.stdin.write("hello\n")
        client.process.stdin.flush()
        client.waitFor("hello")
        server.process.send_signal(signal.SIGSTOP)
        client.interrupt()
        code, _ = client.end()
        server.process.send_signal(signal.SIGCONT)
        client.process.stdin.close()
        self.assertEqual(code, 0)


class Terminal(ToolTest):
    """A person at a terminal."""

    def open(self, *arguments):
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen([TOOL, "connect", *arguments], stdin=follower, stdout=follower, stderr=follower,
                                        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"}, start_new_session=True)
        os.close(follower)
        self.text = b""

    def until(self, wanted):
        while wanted not in self.text:
            got = os.read(self.leader, 4096)
            if not got:
                break
            self.text += got
        start, self.text = self.text.split(wanted, 1)
        return start

    def testLinesAreAnsweredEndedByControlDAndEscapesStayHarmless(self):
        _, address = self.listen("--exec", "printf 'a\\033]0;title\\007b'", "-q")
        self.open(address)
        self.until(b"connected to")
        os.write(self.leader, b"hello\r")
        self.until(b"a\\x1b]0;title\\x07b")
        os.write(self.leader, b"\x04")
        self.assertEqual(self.process.wait(timeout=support.PATIENCE), 0)
        os.close(self.leader)


if __name__ == "__main__":
    support.main()
