#!/usr/bin/env python3
"""The Wireshark dissector against tshark: a recorded session, and the same frames as `tempeh decode` sees."""

import pathlib
import random
import shutil
import subprocess
import sys
import unittest

import support
from support import DATA, ToolTest, ethernet, frame, hello, jsonLines, pcap, segments, tool

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "wireshark" / "tempeh.lua"
TSHARK = shutil.which("tshark")
FIELDS = ["channel", "opcode", "more", "status", "id", "headers_length", "body_length"]


def tshark(capture, *arguments):
    done = subprocess.run([TSHARK, "-X", f"lua_script:{SCRIPT}", "-r", str(capture), *arguments],
                          capture_output=True, text=True, timeout=support.PATIENCE, check=True)
    if "Lua" in done.stderr or "lua" in done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()


def dissected(capture, *arguments):
    """Every frame as the dissector sees it: a list of field texts."""
    wanted = [word for name in FIELDS for word in ("-e", f"tempeh.{name}")]
    frames = []
    for line in tshark(capture, "-Y", "tempeh", "-T", "fields", "-E", "separator=;", *wanted, *arguments):
        columns = [column.split(",") for column in line.split(";")]
        frames += [list(one) for one in zip(*columns)]
    return frames


def decoded(capture, *arguments):
    opcodes = ["Request", "Response", "Signal", "HelloRequest", "HelloResponse", "ByeRequest", "ByeResponse"]
    frames = []
    for line in jsonLines(tool("decode", capture, "--json", *arguments).out):
        headers = sum(len(f"{one['name']}:{one['value']}\r\n".encode()) for one in line["headers"])
        frames.append([str(line["channel"]), str(opcodes.index(line["opcode"])), str(int(line["more"])),
                       str(line["status"]), str(line["id"]), str(headers), str(line["size"])])
    return frames


class Dissector(ToolTest):
    def write(self, packets):
        path = self.folder / "capture.pcap"
        path.write_bytes(pcap([ethernet(one) for one in packets]))
        return path

    def testRecordedSessionIsWhatDecodeSees(self):
        session = DATA / "session.pcap"
        seen = dissected(session)
        self.assertEqual(len(seen), 25)
        expected = decoded(session)
        for one in expected:  # sent without its last line end, of which JSON knows nothing
            if one[4] == str(0x0102030405060708) and one[2] == "1":
                one[5] = "20"
        self.assertEqual(seen, expected)

    def testTextOfARecordedFrame(self):
        tree = "\n".join(tshark(DATA / "session.pcap", "-O", "tempeh", "-Y", "tempeh.more == 1"))
        for line in ["Opcode: Request (0)", "More parts follow: True", "Text header: PDL:PS", "Name: Job-ID",
                     "Value: 12345", "Body as text: chunk-1", "Message id: 72623859790382856"]:
            self.assertIn(line, tree)
        self.assertNotIn("Malformed", tree)

    def testInfoColumn(self):
        lines = tshark(DATA / "session.pcap", "-Y", "tempeh.status == 200")
        self.assertEqual(len(lines), 1)
        self.assertIn("TEMPEH", lines[0])
        self.assertIn("Signal id 18446744073709551615 status 200, 2 bytes", lines[0])

    def testReassembly(self):
        stream = hello() + frame(0, 2, headers=b"k:v\r\n", body=b"x" * 300) + frame(2, 3, body=b"end")
        for size in [1, 17, 333]:
            with self.subTest(size):
                capture = self.write(segments(stream, size))
                seen = dissected(capture)
                self.assertEqual(seen, decoded(capture))
                self.assertEqual(len(seen), 3)

    def testSegmentsOutOfOrder(self):
        stream = hello() + frame(0, 2, body=b"x" * 300) + frame(2, 3, body=b"end")
        packets = segments(stream, 40)
        head, rest = packets[:2], packets[2:]
        random.Random(3).shuffle(rest)
        capture = self.write(head + rest)
        self.assertEqual(dissected(capture, "-o", "tcp.reassemble_out_of_order:TRUE"), decoded(capture))

    def testOtherPortByItsHello(self):
        stream = hello() + frame(0, 2, body=b"x")
        self.assertEqual(len(dissected(self.write(segments(stream, 99, target=12345)))), 2)
        self.assertEqual(dissected(self.write(segments(b"GET / HTTP/1.1\r\n\r\n", 99, target=12345))), [])

    def testMalformed(self):
        for bad, text in [(frame(12, 1), "Opcode 12 does not exist"), (frame(8, 1), "never crosses the wire"),
                          (frame(5, 1, more=True), "cannot have more parts"), (frame(0, 0), "Message id 0"),
                          (frame(0, 1, headers=b"bad\r\n"), "A text header is name:value")]:
            with self.subTest(text):
                tree = "\n".join(tshark(self.write(segments(hello() + bad, 99)), "-O", "tempeh", "-Y", "tempeh.malformed"))
                self.assertIn(text, tree)


if __name__ == "__main__":
    if TSHARK is None:
        print("skipped: no tshark (Debian: tshark)")
        sys.exit(77)
    support.main()
