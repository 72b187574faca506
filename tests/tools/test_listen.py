#!/usr/bin/env python3
"""tempeh listen: what it prints, how it answers, how it ends."""

import json
import os
import select
import signal
import socket
import subprocess
import unittest

import support
from support import RawClient, ToolTest, frame, hello, tool


class Listen(ToolTest):
    def testPrintsWhatArrivesAndAnswersEmpty(self):
        server, address = self.listen()
        result = tool("request", address, "good day", "-H", "user:ada", "--json")
        self.assertRuns(result)
        self.assertEqual(json.loads(result.out)["size"], 0)
        server.waitFor("bye exchanged")
        text = "\n".join(server.stop()[1])
        self.assertRegex(text, r"tcp\|127\.0\.0\.1\|\d+ Request id \d+, 1 header, 8 bytes\n    user: ada\n    good day")

    def testPrintsBytesInHexAndEscapesNames(self):
        server, address = self.listen()
        tool("signal", address, data=b"\x1b[31m\xff")
        self.assertEqual(server.waitFor("0000 ").split(), ["0000", "1b", "5b", "33", "31", "6d", "ff", ".[31m."])

    def testReply(self):
        _, address = self.listen("--reply", "pong", "-H", "by:test", "-q")
        result = tool("request", address, "ping", "-i")
        self.assertEqual(result.out, b"pong")
        self.assertIn("by: test", result.err)

    def testEchoKeepsHeadersAndEveryByte(self):
        _, address = self.listen("--echo")
        body = bytes(range(256)) * 255
        self.assertEqual(tool("request", address, data=body).out, body)
        result = json.loads(tool("request", address, "x", "-H", "a:1", "-H", "a:2", "--json").out)
        self.assertEqual(result["headers"], [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}])

    def testSeveralAddresses(self):
        server = self.start("listen", "127.0.0.1:0", self.udsAddress("a"), self.udsAddress("b"), "-r", "here")
        for _ in range(3):
            line = server.waitFor("listening").split(" ", 1)[1]
            self.assertEqual(tool("request", line, "").out, b"here")

    def testListensOnASocketThatIsHandedOver(self):
        with socket.create_server(("127.0.0.1", 0)) as opened:
            number = opened.fileno()
            server = self.start("listen", f"fd:{number}", "-r", "here", descriptors=[number])
            line = server.waitFor("listening").split(" ", 1)[1]
            self.assertEqual(line, f"127.0.0.1:{opened.getsockname()[1]}")
            self.assertEqual(tool("request", line, "").out, b"here")

    def testADescriptorThatIsNoListenerSaysWhatItIs(self):
        result = tool("listen", "fd:0")
        self.assertRuns(result, 3)
        self.assertIn("not a socket", result.err)

    def testJson(self):
        server, address = self.listen("--json")
        tool("signal", address, "x", "--hello-header", "who:me")
        opened = json.loads(server.waitFor('"opened"'))
        self.assertIn({"name": "who", "value": "me"}, opened["hello"]["headers"])
        message = json.loads(server.waitFor('"Signal"'))
        self.assertEqual((message["body"], message["size"], message["more"]), ("x", 1, False))
        server.waitFor('"closed"')

    def testUnixClientsAreNamedByTheirProcess(self):
        server, _ = self.listen(address=self.udsAddress())
        process = subprocess.Popen([support.TOOL, "signal", self.udsAddress(), "x"], stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL)
        process.wait()
        server.waitFor(f"uds|pid {process.pid} Signal")

    def testNoAnswer(self):
        _, address = self.listen("--no-answer")
        result = tool("request", address, "x", "-t", "100ms")
        self.assertRuns(result, 1)
        self.assertIn("no answer in time", result.err)

    def testEndsAfterCount(self):
        server, address = self.listen("-n", "2", "--echo")
        self.assertEqual(tool("request", address, "1").out, b"1")
        self.assertEqual(tool("request", address, "2").out, b"2")
        self.assertEqual(server.end()[0], 0)

    def testSignalsEndItWithZero(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            server, _ = self.listen()
            server.process.send_signal(number)
            self.assertEqual(server.end()[0], 0)

    def testOccupiedAddressIsUnreachable(self):
        _, address = self.listen()
        self.assertRuns(tool("listen", address), 3)

    def testClosedOutputEndsIt(self):
        read, write = os.pipe()
        process = subprocess.Popen([support.TOOL, "listen", self.udsAddress()], stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        self.assertTrue(os.read(read, 1000).startswith(b"listening"))
        os.close(read)
        tool("signal", self.udsAddress(), "x")
        self.assertEqual(process.wait(support.PATIENCE), 1)
        self.assertEqual(process.stderr.read(), b"")  # who closed the pipe knows
        process.stderr.close()

    def testOneBadClientHarmsNobody(self):
        server, address = self.listen("--echo")
        good = RawClient(address)
        good.send(hello())
        self.assertEqual(good.receive()[0], support.HELLO_RESPONSE)
        bad = RawClient(address)
        bad.send(hello(), b"\x00\x01\x0c\x00" + b"\xff" * 12)
        with self.assertRaises((EOFError, ConnectionError)):
            while True:
                bad.receive()
        good.send(frame(support.REQUEST, 5, body=b"still here"))
        self.assertEqual(good.receive()[4], b"still here")
        good.close()
        bad.close()


class Exec(ToolTest):
    def testBodyInOutputOut(self):
        _, address = self.listen("--exec", "tr a-z A-Z")
        self.assertEqual(tool("request", address, "shout").out, b"SHOUT")

    def testExitCodeIsTheStatus(self):
        _, address = self.listen("--exec", "cat >/dev/null; echo no; exit 3")
        result = tool("request", address, "x")
        self.assertRuns(result, 1)
        self.assertEqual(result.out, b"no\n")
        self.assertIn("status 3", result.err)

    def testEnvironment(self):
        _, address = self.listen("-x", 'echo "$TEMPEH_OPCODE $TEMPEH_HEADER_JOB_ID $TEMPEH_PEER"')
        result = tool("request", address, "x", "-H", "job-id:a b'$(c)")
        self.assertRegex(result.out.decode(), r"^Request a b'\$\(c\) tcp\|127.0.0.1\|\d+\n$")

    def testProgramThatDoesNotRead(self):
        _, address = self.listen("--exec", "echo done")
        result = tool("request", address, "--stream", data=b"x" * 3_000_000)
        self.assertEqual((result.code, result.out), (0, b"done\n"))

    def testSignalsRunItToo(self):
        path = self.folder / "out"
        server, address = self.listen("--exec", f"cat > {path}", "-n", "1")
        self.assertRuns(tool("signal", address, "noted"))
        server.end()
        self.assertEqual(path.read_text(), "noted")

    def testProgramEndsWithItsClient(self):
        server, address = self.listen("--exec", f"echo $$ > {self.folder}/pid; exec sleep 1000")
        self.assertRuns(tool("request", address, "x", "-t", "300ms"), 1)
        server.waitFor("- tcp")
        pid = int((self.folder / "pid").read_text())
        self.assertRaises(ProcessLookupError, os.kill, pid, 0)

    def testWhatTheProgramHasStartedEndsToo(self):
        pidFile = self.folder / "pid"
        server, address = self.listen("--exec", f"sleep 1000 & echo $! > {pidFile}; wait")
        self.assertRuns(tool("request", address, "x", "-t", "300ms"), 1)
        server.waitFor("- tcp")
        self.waitForEndOf(int(pidFile.read_text()))

    def waitForEndOf(self, pid):
        """Killed by now, but perhaps not yet taken by init: a descriptor of the process tells its end."""
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        self.addCleanup(os.close, process)
        self.assertEqual(select.select([process], [], [], support.PATIENCE)[0], [process], "it still runs")


if __name__ == "__main__":
    support.main()
