#!/usr/bin/env python3
"""tempeh bench: every mode measures what really went to and fro."""

import json
import os
import pty
import socket
import subprocess
import unittest

import support
from support import TOOL, ToolTest, tool


class Bench(ToolTest):
    def bench(self, *arguments):
        result = tool("bench", *arguments, "--json", "-d", "300ms")
        self.assertRuns(result)
        return json.loads(result.out)

    def testLatency(self):
        report = self.bench()
        self.assertEqual((report["mode"], report["connections"], report["failures"]), ("latency", 1, 0))
        self.assertGreater(report["messages"], 0)
        self.assertLessEqual(report["p50Us"], report["maxUs"])
        self.assertAlmostEqual(report["messagesPerSecond"], report["messages"] / report["seconds"], places=3)

    def testThroughput(self):
        report = self.bench("-m", "throughput", "--transport", "tcp", "-s", "1000")
        self.assertGreater(report["messages"], 0)
        self.assertNotIn("p50Us", report)

    def testFanIn(self):
        self.assertEqual(self.bench("-m", "fan-in", "-c", "7", "-n", "3")["connections"], 7)

    def testOtherServer(self):
        server, address = self.listen("--echo", "--json", "--body", "0")
        report = self.bench(address, "-m", "throughput", "-s", "10")
        server.interrupt()
        lines = [json.loads(line) for line in server.end()[1]]
        signals = [line for line in lines if line.get("opcode") == "Signal"]
        self.assertEqual(len(signals), report["messages"])

    def testFailuresAreCounted(self):
        _, address = self.listen("--exec", "exit 1", "-q")
        result = tool("bench", address, "-d", "300ms", "--json")
        self.assertRuns(result, 1)
        self.assertGreater(json.loads(result.out)["failures"], 0)

    def testHistogram(self):
        result = tool("bench", "-d", "200ms")
        self.assertRuns(result)
        self.assertRegex(result.out.decode(), r"(?m)^ +< [\d.]+ (us|ms) +#+ +\d+$")
        self.assertEqual(result.err, "")  # no progress line without a terminal

    def testProgressLineOnATerminal(self):
        leader, follower = pty.openpty()
        process = subprocess.Popen([TOOL, "bench", "-d", "700ms"], stderr=follower, stdout=subprocess.DEVNULL)
        os.close(follower)
        self.assertIn(b"messages/s", os.read(leader, 1000))
        self.assertEqual(process.wait(support.PATIENCE), 0)
        os.close(leader)

    def testInterruptReportsWhatWasMeasured(self):
        server, address = self.listen("--echo", "--json")
        bench = self.start("bench", address, "-d", "1h", "--json")
        server.waitFor('"message"')
        bench.interrupt()
        code, lines = bench.end()
        self.assertEqual(code, 0)
        self.assertGreater(json.loads(lines[0])["messages"], 0)

    def testInterruptDoesNotWaitForAnAnswer(self):
        server, address = self.listen("--no-answer", "--json")
        for mode in ["latency", "throughput"]:
            with self.subTest(mode):
                bench = self.start("bench", address, "-m", mode, "-d", "1h", "--json")
                server.waitFor('"message"')
                bench.interrupt()
                self.assertIn(bench.end()[0], (1, 130))
                server.waitFor('"closed"')

    def testInterruptWhileConnecting(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        bench = self.start("bench", "127.0.0.1:%d" % silent.getsockname()[1], "--connect-timeout", "1h")
        connection, _ = silent.accept()
        connection.recv(1)  # its hello has come: the signal finds it waiting for the answer
        bench.interrupt()
        self.assertEqual(bench.end()[0], 130)
        connection.close()

    def testUnreachable(self):
        self.assertRuns(tool("bench", self.udsAddress()), 3)


if __name__ == "__main__":
    support.main()
