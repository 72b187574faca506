#!/usr/bin/env python3
"""tempeh forward: what one side sends, ends or breaks is what the other side sees."""

import json
import socket
import struct
import threading
import unittest

import support
from support import RawClient, ToolTest, frame, hello, tool


class Forward(ToolTest):
    def forward(self, target, *options, listen="127.0.0.1:0"):
        relay = self.start("forward", listen, target, *options)
        line = relay.waitFor("listening")
        text = json.loads(line)["text"] if line.startswith("{") else line.split(" ", 1)[1]
        return relay, text.split(" > ")[0]

    def pair(self, *options):
        """A client and the server's end of it, with the relay between them."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        relay, address = self.forward("127.0.0.1:%d" % listener.getsockname()[1], *options)
        client = RawClient(address)
        server = RawClient.__new__(RawClient)
        server.socket, _ = listener.accept()
        server.socket.settimeout(support.PATIENCE)
        self.addCleanup(client.close)
        self.addCleanup(server.close)
        return relay, client, server

    def testConversationBetweenTcpAndUnix(self):
        self.listen("--echo", "-q", address=self.udsAddress("server"))
        relay, address = self.forward(self.udsAddress("server"))
        self.assertEqual(tool("request", address, "through").out, b"through")
        self.assertRuns(tool("signal", address, "x"))
        _, there = self.forward(address, listen=self.udsAddress("middle"))  # and one relay behind another
        body = bytes(range(256)) * 2000
        self.assertEqual(tool("request", there, "--stream", data=body).out, body)

    def testEveryByteUnchanged(self):
        _, client, server = self.pair()
        sent = hello() + frame(0, 2**63, proto=0xD0) + b"\xff" * 100  # even what breaks the protocol
        client.send(sent)
        self.assertEqual(server.exactly(len(sent)), sent)
        server.send(sent[::-1])
        self.assertEqual(client.exactly(len(sent)), sent[::-1])

    def testHalfCloseIsKept(self):
        relay, client, server = self.pair()
        client.send(b"last words")
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(server.exactly(10), b"last words")
        self.assertEqual(server.socket.recv(1), b"")
        server.send(b"answer")
        self.assertEqual(client.exactly(6), b"answer")
        server.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.socket.recv(1), b"")
        relay.waitFor("closed #1, 10 bytes to the server, 6 back")

    def testResetIsKept(self):
        _, client, server = self.pair()
        client.send(b"x")
        server.exactly(1)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        self.assertRaises(ConnectionResetError, server.socket.recv, 1)

    def testSlowReaderHoldsTheSenderBack(self):
        _, client, server = self.pair("-q")
        total = 64 * 1024 * 1024
        sender = threading.Thread(target=lambda: client.send(b"x" * total))
        sender.start()
        sender.join(1)
        self.assertTrue(sender.is_alive(), "64 MiB cannot lie in the relay and in the sockets")
        left = total
        while left:
            left -= len(server.socket.recv(min(left, 1 << 20)))
        sender.join()

    def testPrintsFrames(self):
        _, server = self.listen("--echo", "-q")
        relay, address = self.forward(server, "--print")
        tool("request", address, "look", "-H", "a:b")
        relay.waitFor("client#1 > server#1 @0 channel")
        relay.waitFor("Request id")
        relay.waitFor("    a: b")
        relay.waitFor("    look")
        relay.waitFor("server#1 > client#1")
        relay, address = self.forward(server, "--print", "--json")
        tool("signal", address, "x")
        self.assertEqual(json.loads(relay.waitFor('"Signal"'))["body"], "x")

    def testPrintsWhatIsMalformedAndRelaysIt(self):
        relay, client, server = self.pair("--print", "--json")
        client.send(hello(), frame(12, 1), b"more")
        server.exactly(len(hello()) + 16 + 4)
        self.assertEqual(json.loads(relay.waitFor('"error"'))["offset"], 50)

    def testServerThatIsNotThere(self):
        relay, address = self.forward(self.udsAddress("nobody"))
        self.assertRuns(tool("request", address, "x"), 3)
        relay.interrupt()
        self.assertEqual(relay.end()[0], 0)
        self.assertIn("cannot connect", "".join(relay.errors))
        self.assertIn("1 could not be connected", "".join(relay.errors))

    def testServerWithAFullBacklog(self):
        """A Unix listener that has no room says so at once; the relay waits until it has."""
        path = str(self.folder / "full")
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen(0)
        blocker = socket.socket(socket.AF_UNIX)
        self.addCleanup(blocker.close)
        blocker.connect(path)
        relay, address = self.forward(f"unix:{path}")
        client = RawClient(address)
        self.addCleanup(client.close)
        client.send(b"hello")
        client.socket.settimeout(0.3)
        with self.assertRaises(TimeoutError):  # neither data nor an end: it waits
            client.socket.recv(1)
        for _ in range(2):
            server, _ = listener.accept()
            self.addCleanup(server.close)
        server.settimeout(support.PATIENCE)
        self.assertEqual(server.recv(5), b"hello")
        relay.waitFor("open #1")

    def testEndsWithASummaryAndRemovesItsSocket(self):
        _, server = self.listen("--echo", "-q")
        relay, address = self.forward(server, listen=self.udsAddress("relay"))
        tool("request", address, "x")
        relay.waitFor("closed #1")
        self.assertEqual(relay.stop()[0], 0)
        self.assertRegex("".join(relay.errors), "^1 connection, .* to the server, .* back, 0 could not be connected$")
        self.assertFalse((self.folder / "relay").exists())

    def testStaleSocketFileIsReplacedLiveOneIsNot(self):
        path = self.folder / "stale"
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(str(path))
        self.forward("127.0.0.1:1", listen=str(path))
        self.assertRuns(tool("forward", path, "127.0.0.1:1"), 3)


if __name__ == "__main__":
    support.main()
