#!/usr/bin/env python3
"""tempeh request and tempeh signal: bodies, headers, answers, exit codes."""

import json
import socket
import subprocess
import threading
import unittest

import support
from support import RawClient, ToolTest, frame, tool


class FakeServer(threading.Thread):
    """Takes one connection and answers by script: a function of the client's RawClient."""

    def __init__(self, script):
        super().__init__()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.script = script
        self.start()

    def run(self):
        client = RawClient.__new__(RawClient)
        client.socket, _ = self.listener.accept()
        client.socket.settimeout(support.PATIENCE)
        try:
            self.script(client)
        except (OSError, EOFError):
            pass
        client.close()
        self.listener.close()


def sayHello(client, status=0):
    proto, _, message_id, headers, _ = client.receive()
    client.send(frame(support.HELLO_RESPONSE, message_id, status=status))
    return proto, headers


class Request(ToolTest):
    def setUp(self):
        super().setUp()
        self.server, self.address = self.listen("--echo")

    def testBodyFromArgumentFileAndInput(self):
        path = self.folder / "body"
        path.write_bytes(b"from a file")
        self.assertEqual(tool("request", self.address, "argument", data=b"unused").out, b"argument")
        self.assertEqual(tool("request", self.address, "-f", path).out, b"from a file")
        self.assertEqual(tool("request", self.address, data=b"input").out, b"input")
        self.assertEqual(tool("request", self.address, "-f", "-", data=b"input").out, b"input")
        self.assertEqual(tool("request", self.address, "").out, b"")
        self.assertEqual(tool("request", self.address, "--", "-dash").out, b"-dash")

    def testTimeAndSummaryGoToStandardError(self):
        self.assertRegex(tool("request", self.address, "four").err, r"^Response id \d+, 4 bytes in [\d.]+ (us|ms)\n$")
        self.assertEqual(tool("request", self.address, "four", "-q").err, "")

    def testOutputFile(self):
        path = self.folder / "answer"
        result = tool("request", self.address, "kept", "-o", path)
        self.assertEqual((result.out, path.read_bytes()), (b"", b"kept"))

    def testJson(self):
        answer = json.loads(tool("request", self.address, data=b"\x00\xff", *["--json"]).out)
        self.assertEqual((answer["bodyHex"], answer["opcode"], answer["status"]), ("00ff", "Response", 0))
        self.assertGreater(answer["rttUs"], 0)

    def testLargestBodyAndOneByteMore(self):
        largest = b"x" * 65535
        self.assertEqual(tool("request", self.address, data=largest).out, largest)
        result = tool("request", self.address, data=largest + b"x")
        self.assertRuns(result, 2)
        self.assertIn("--stream", result.err)

    def testHeadersThatNoMessageCanCarry(self):
        for header in ["no colon", ":no name", "a\nb:c", "a:b\r"]:
            with self.subTest(header):
                self.assertRuns(tool("request", self.address, "x", "-H", header), 2)


class Answers(ToolTest):
    def testNobodyListens(self):
        with socket.socket() as deaf:  # bound and not listening: nobody else can take its port meanwhile
            deaf.bind(("127.0.0.1", 0))
            self.assertRuns(tool("request", "127.0.0.1:%d" % deaf.getsockname()[1], "x"), 3)
        self.assertRuns(tool("request", self.udsAddress("nobody"), "x"), 3)

    def testSilentServer(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            result = tool("request", "127.0.0.1:%d" % silent.getsockname()[1], "x", "--connect-timeout", "200ms")
        self.assertRuns(result, 3)

    def testRefusedHello(self):
        server = FakeServer(lambda client: sayHello(client, status=7))
        result = tool("request", server.address, "x")
        self.assertRuns(result, 1)
        self.assertIn("refused with status 7", result.err)

    def testHelloCarriesItsHeaders(self):
        seen = []
        server = FakeServer(lambda client: seen.append(sayHello(client)))
        tool("request", server.address, "x", "--hello-header", "token:abc")
        server.join()
        self.assertIn(b"token:abc\r\n", seen[0][1])

    def testServerThatGoesAway(self):
        def script(client):
            sayHello(client)
            client.receive()

        result = tool("request", FakeServer(script).address, "x")
        self.assertRuns(result, 1)
        self.assertNotEqual(result.err, "")

    def testAnswerInPartsAndSignalsMeanwhile(self):
        def script(client):
            sayHello(client)
            _, _, message_id, _, _ = client.receive()
            client.send(frame(support.SIGNAL, message_id, body=b"half way"))
            client.send(frame(support.RESPONSE, message_id, body=b"first ", more=True))
            client.send(frame(support.RESPONSE, message_id, body=b"second", status=5))
            client.receive()

        result = tool("request", FakeServer(script).address, "x")
        self.assertEqual((result.code, result.out), (1, b"first second"))
        self.assertIn("half way", result.err)
        self.assertIn("status 5", result.err)

    def testInterrupted(self):
        server, address = self.listen("--no-answer")
        client = self.start("request", address, "x", "-t", "1h")
        server.waitFor("Request id")  # the client waits for its answer, and for a signal
        client.interrupt()
        self.assertEqual(client.end()[0], 130)
        self.assertIn("interrupted", "".join(client.errors))


class Signal(ToolTest):
    def testArrives(self):
        server, address = self.listen()
        result = tool("signal", address, "news", "-H", "from:me")
        self.assertRuns(result)
        self.assertEqual(result.err, "sent 4 bytes, confirmed\n")
        server.waitFor("Signal id")
        server.waitFor("    from: me")
        server.waitFor("    news")

    def testStream(self):
        server, address = self.listen("-q", "--json")
        server, address = self.listen("--json", "--body", "0")
        self.assertRuns(tool("signal", address, "--stream", data=b"x" * 200_000))
        streamed = json.loads(server.waitFor('"streamed"'))
        self.assertEqual((streamed["size"], streamed["parts"]), (200_000, 4))

    def testInterruptedStreamSendsWhatWasRead(self):
        server, address = self.listen("--json", "--body", "0")
        client = self.start("signal", address, "--stream", data=True)
        client.process.stdin.write("y" * 70_000)
        client.process.stdin.flush()
        server.waitFor('"more":true')
        client.interrupt()
        self.assertEqual(client.end()[0], 0)
        client.process.stdin.close()
        self.assertEqual(json.loads(server.waitFor('"streamed"'))["size"], 70_000)

    def testNotConfirmed(self):
        def script(client):
            sayHello(client)
            client.receive()

        self.assertRuns(tool("signal", FakeServer(script).address, "x"), 1)


if __name__ == "__main__":
    support.main()
