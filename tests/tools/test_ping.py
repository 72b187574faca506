#!/usr/bin/env python3
"""tempeh ping and tempeh check."""

import json
import re
import socket
import unittest

import support
from support import ToolTest, jsonLines, tool


class Ping(ToolTest):
    def testCounts(self):
        _, address = self.listen("--echo", "-q")
        result = tool("ping", address, "-c", "3", "-i", "0", "-s", "100")
        self.assertRuns(result)
        lines = result.out.decode().splitlines()
        self.assertEqual(len([line for line in lines if re.match(rf"100 bytes from {re.escape(address)}: seq=\d time=", line)]), 3)
        self.assertEqual(lines[-2], "3 sent, 3 answered, 0 % lost")
        self.assertRegex(lines[-1], r"^round trip min .* avg .* p50 .* p99 .* max ")

    def testJsonAndOrderOfTheFigures(self):
        _, address = self.listen("--echo", "-q")
        lines = jsonLines(tool("ping", address, "-c", "20", "-i", "0", "--json").out)
        self.assertEqual(len(lines), 21)
        last = lines[-1]
        self.assertEqual((last["sent"], last["answered"]), (20, 20))
        figures = [last[name] for name in ["minUs", "p50Us", "p99Us", "maxUs"]]
        self.assertEqual(figures, sorted(figures))
        self.assertAlmostEqual(last["minUs"], min(line["rttUs"] for line in lines[:-1]), delta=1)

    def testQuiet(self):
        _, address = self.listen("-q")
        self.assertEqual(len(tool("ping", address, "-c", "5", "-i", "0", "-q").out.splitlines()), 3)

    def testConnections(self):
        server, address = self.listen("--json")
        self.assertRuns(tool("ping", address, "-c", "3", "-i", "0", "--connect"))
        for _ in range(3):
            server.waitFor('"opened"')

    def testLost(self):
        _, address = self.listen("--no-answer", "-q")
        result = tool("ping", address, "-c", "2", "-i", "0", "-t", "50ms")
        self.assertRuns(result, 1)
        self.assertIn("2 sent, 0 answered, 100 % lost", result.out.decode())

    def testUnreachable(self):
        self.assertRuns(tool("ping", self.udsAddress(), "-c", "1"), 3)
        self.assertRuns(tool("ping", self.udsAddress(), "-c", "1", "--connect"), 3)

    def testInterruptGivesTheSummary(self):
        _, address = self.listen("-q")
        ping = self.start("ping", address, "-i", "1h")
        ping.waitFor("seq=1")
        ping.interrupt()
        code, lines = ping.end()
        self.assertEqual(code, 0)
        self.assertIn("1 sent, 1 answered, 0 % lost", lines)

    def testServerThatGoesAway(self):
        server, address = self.listen("-q")
        ping = self.start("ping", address, "-i", "10ms")
        ping.waitFor("seq=1")
        server.stop()
        code, lines = ping.end()
        self.assertEqual(code, 1)
        self.assertTrue(any("answered" in line for line in lines), lines)


class Check(ToolTest):
    def testUp(self):
        _, address = self.listen("--reply", "all is well", "-q")
        self.assertRegex(tool("check", address).out.decode(), rf"^OK {re.escape(address)}: hello in ")
        self.assertRuns(tool("check", address, "--request", "?", "--expect", "well"))
        self.assertEqual(tool("check", address, "-q").out, b"")
        report = json.loads(tool("check", address, "--request", "?", "--json").out)
        self.assertTrue(report["ok"])
        self.assertGreater(report["answerUs"], 0)

    def testWrongAnswer(self):
        _, address = self.listen("--exec", "exit 4", "-q")
        self.assertRuns(tool("check", address, "--request", "?"), 1)
        _, address = self.listen("--reply", "bad", "-q")
        result = tool("check", address, "--request", "?", "--expect", "good")
        self.assertRuns(result, 1)
        self.assertIn("FAILED", result.out.decode())

    def testTimeouts(self):
        _, address = self.listen("--no-answer", "-q")
        self.assertRuns(tool("check", address, "--request", "?", "-t", "100ms"), 1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.assertRuns(tool("check", address, "--connect-timeout", "100ms"), 3)

    def testDown(self):
        result = tool("check", self.udsAddress(), "--json")
        self.assertRuns(result, 3)
        self.assertFalse(json.loads(result.out)["ok"])


if __name__ == "__main__":
    support.main()
