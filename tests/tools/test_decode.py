#!/usr/bin/env python3
"""tempeh decode: the vectors of the protocol, capture files of every kind, malformed input with its offset."""

import json
import random
import struct
import unittest

import support
from support import (DATA, REQUEST, RESPONSE, SIGNAL, ToolTest, ethernet, frame, hello, jsonLines, pcap, pcapng,
                     segments, tcpPacket, tool)

VECTORS = [  # docs/wire.md
    ("00010000000000000000000100000000", (1, "Request", False, 0, 1, [], "")),
    ("123403000000000000000002002000007e636f6e6e6563745f746f3a7463707c3132372e302e302e317c373039390d0a",
     (0x1234, "HelloRequest", False, 0, 2, [("~connect_to", "tcp|127.0.0.1|7099")], "")),
    ("fffe0400000000000000000200000000", (0xFFFE, "HelloResponse", False, 0, 2, [], "")),
    ("0007200001020304050607080016000750444c3a50530d0a4a6f622d49443a31323334350d0a6368756e6b2d31",
     (7, "Request", True, 0, 0x0102030405060708, [("PDL", "PS"), ("Job-ID", "12345")], "chunk-1")),
    ("00070100010203040506070800000004646f6e65", (7, "Response", False, 0, 0x0102030405060708, [], "done")),
    ("010202c8ffffffffffffffff0000000200ff", (258, "Signal", False, 200, 2**64 - 1, [], b"\0\xff")),
    ("01020500000000000000006300000000", (258, "ByeRequest", False, 0, 99, [], "")),
    ("01020600000000000000006300000000", (258, "ByeResponse", False, 0, 99, [], "")),
]


def fieldsOf(line):
    body = bytes.fromhex(line["bodyHex"]) if "bodyHex" in line else line["body"]
    headers = [(one["name"], one["value"]) for one in line["headers"]]
    return line["channel"], line["opcode"], line["more"], line["status"], line["id"], headers, body


class Bytes(ToolTest):
    def testVectors(self):
        for text, fields in VECTORS:
            with self.subTest(text):
                result = tool("decode", "--hex", text, "--json")
                self.assertRuns(result)
                self.assertEqual(fieldsOf(json.loads(result.out)), fields)

    def testAllVectorsInARowAsHexRawAndXxd(self):
        hexText = "".join(text for text, _ in VECTORS)
        data = bytes.fromhex(hexText)
        xxd = "".join(f"{at:08x}: {data[at:at + 16].hex(' ', 2)}  garbage\n" for at in range(0, len(data), 16))
        spaced = "\n".join(" ".join(f"0x{byte:02x}," for byte in data[at:at + 10]) for at in range(0, len(data), 10))
        for given in [hexText.encode(), data, xxd.encode(), spaced.encode(), hexText.upper().encode()]:
            result = tool("decode", "--json", data=given)
            self.assertRuns(result)
            lines = jsonLines(result.out)
            self.assertEqual([fieldsOf(line) for line in lines], [fields for _, fields in VECTORS])
        self.assertEqual(lines[2]["offset"], 16 + 48)

    def testFromAFileForPeople(self):
        path = self.folder / "bytes"
        path.write_bytes(bytes.fromhex(VECTORS[3][0] + VECTORS[5][0]))
        out = tool("decode", path).out.decode()
        self.assertIn("@0 channel 7 Request more id 72623859790382856, 2 headers, 7 bytes\n"
                      "    PDL: PS\n    Job-ID: 12345\n    chunk-1\n", out)
        self.assertIn("@45 channel 258 Signal id 18446744073709551615 status 200, 2 bytes\n    0000  00 ff", out)

    def testBodyLimit(self):
        out = tool("decode", "--hex", frame(REQUEST, 1, body="äöü".encode() * 100).hex(), "--body", "5").out.decode()
        self.assertIn("    äö\n    ... 596 more bytes\n", out)


class Malformed(ToolTest):
    def assertMalformed(self, data, offset, text, *, frames=0):
        result = tool("decode", "--format", "raw", data=data)
        self.assertRuns(result, 4)
        self.assertIn(f"offset {offset}: ", result.err)
        self.assertIn(text, result.err)
        self.assertEqual(result.out.count(b"@"), frames)
        last = jsonLines(tool("decode", "--format", "raw", "--json", data=data).out)[-1]
        self.assertEqual(last["offset"], offset)
        self.assertIn(text, last["error"])

    def testOffsets(self):
        good = frame(REQUEST, 1, headers=b"a:b\r\n", body=b"c")  # 22 bytes
        for opcode in range(10, 16):
            self.assertMalformed(good + frame(opcode, 1), 22 + 2, f"opcode {opcode} does not exist", frames=1)
        for opcode, name in [(8, "WelcomeRequest"), (9, "WelcomeResponse")]:
            self.assertMalformed(frame(opcode, 1), 2, f"a {name} never crosses the wire")
        self.assertMalformed(frame(support.BYE_REQUEST, 1, more=True), 2, "cannot have more parts")
        self.assertMalformed(good + frame(SIGNAL, 0), 22 + 4, "message id 0", frames=1)

    def testByeSignalOfATofuPeer(self):
        result = tool("decode", "--format", "raw", data=frame(7, 1))
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertIn(b"ByeSignal", result.out)

    def testTextHeaders(self):
        for bad in [b"no colon", b":no name", b"a\x01b:c", b"a:b\nc", b"a:\0"]:
            headers = b"fine:1\r\n" + bad + b"\r\nlater:2\r\n"
            self.assertMalformed(frame(REQUEST, 1, headers=headers), 16 + 8, "no text header")

    def testCutOffAnywhere(self):
        data = frame(RESPONSE, 3, headers=b"a:b\r\n", body=b"body")
        for size in range(1, len(data)):
            self.assertMalformed(data[:size], size, "cut off")
        self.assertMalformed(data + data[:20], len(data) + 20, "25 bytes, 20 are here", frames=1)

    def testHexText(self):
        for text, place in [("00 0g", "line 1, column 5"), ("00\n\n1", "line 3: half a byte"), ("0\n0", "line 1")]:
            result = tool("decode", "-f", "hex", data=text.encode())
            self.assertRuns(result, 4)
            self.assertIn(place, result.err)

    def testNothing(self):
        self.assertRuns(tool("decode", data=b""), 4)

    def testRandomBytesNeverCrash(self):
        rng = random.Random(4)
        for _ in range(60):
            data = bytearray(hello() + frame(REQUEST, 2, headers=b"a:b\r\n", body=b"x" * 20))
            capture = bytearray(rng.choice([pcap, pcapng])([ethernet(one) for one in segments(bytes(data), 30)]))
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
                capture[rng.randrange(4, len(capture))] = rng.randrange(256)
            self.assertIn(tool("decode", "-f", "raw", data=bytes(data)).code, (0, 4))
            cut = capture[:rng.randrange(len(capture))] if rng.random() < 0.3 else capture
            self.assertIn(tool("decode", "-f", "pcap", data=bytes(cut)).code, (0, 4))


class Captures(ToolTest):
    STREAM = hello() + frame(REQUEST, 2, headers=b"k:v\r\n", body=b"x" * 100) + frame(SIGNAL, 3, body=b"end")

    def assertDecodes(self, capture, *arguments, count=3):
        result = tool("decode", "--json", *arguments, data=capture)
        self.assertRuns(result)
        lines = jsonLines(result.out)
        self.assertEqual([line["opcode"] for line in lines], ["HelloRequest", "Request", "Signal"][:count])
        return lines

    def testEveryKindOfFile(self):
        packets = segments(self.STREAM, 50)
        links = {1: ethernet, 101: bytes, 0: lambda one: b"\2\0\0\0" + one,
                 113: lambda one: b"\0" * 14 + b"\x08\x00" + one, 276: lambda one: b"\x08\x00" + b"\0" * 18 + one}
        for link, wrap in links.items():
            wrapped = [wrap(one) for one in packets]
            for capture in [pcap(wrapped, link), pcap(wrapped, link, ">"), pcap(wrapped, link, magic=0xA1B23C4D),
                            pcapng(wrapped, link), pcapng(wrapped, link, ">")]:
                with self.subTest(link):
                    self.assertDecodes(capture)
        vlan = [b"\0" * 12 + b"\x81\x00\x00\x07\x08\x00" + one for one in packets]
        self.assertDecodes(pcap(vlan))

    def testTimesAndEnds(self):
        first, second, _ = self.assertDecodes(pcap([ethernet(one) for one in segments(self.STREAM, 1000)]))
        self.assertEqual((first["from"], first["to"]), ("127.0.0.1:40000", "127.0.0.1:7099"))
        self.assertAlmostEqual(first["time"], 0.001)
        self.assertEqual(second["offset"], len(hello()))

    def testOrderRepetitionAndOverlap(self):
        rng = random.Random(7)
        for size in [1, 7, 16, 33, 400]:
            for start in [1000, 2**32 - 20]:  # the sequence numbers wrap
                packets = segments(self.STREAM, size, start=start)
                again = [tcpPacket(40000, 7099, start + 1 + at, self.STREAM[at:at + 60])
                         for at in range(0, len(self.STREAM), 45)]
                rest = packets[1:] + again
                rng.shuffle(rest)
                with self.subTest((size, start)):
                    self.assertDecodes(pcap(packets[:1] + rest, 101))

    def testBothDirectionsAndOtherTraffic(self):
        answer = frame(support.HELLO_RESPONSE, 1) + frame(RESPONSE, 2, body=b"yes")
        packets = segments(self.STREAM, 1000) + segments(answer, 5, source=7099, target=40000, start=5)
        packets += segments(b"GET / HTTP/1.1\r\n\r\n", 100, source=40001, target=80)
        result = tool("decode", data=pcap(packets, 101))
        self.assertRuns(result)
        self.assertEqual(result.out.count(b"@"), 5)
        self.assertIn("1 other connections", result.err)

    def testPortAsked(self):
        """Without the hello a connection is only taken for this protocol when its port is asked for."""
        middle = pcap([tcpPacket(40000, 7099, 77, self.STREAM[len(hello()):])], 101)
        self.assertRuns(tool("decode", data=middle), 4)
        self.assertEqual(len(jsonLines(tool("decode", "--json", "-p", "7099", data=middle).out)), 2)
        self.assertRuns(tool("decode", "-p", "7100", data=pcap(segments(self.STREAM, 99), 101)), 4)

    def testPortUsedTwice(self):
        capture = pcap(segments(self.STREAM, 99) + segments(self.STREAM, 99, start=999_999), 101)
        self.assertEqual(len(jsonLines(tool("decode", "--json", data=capture).out)), 6)

    def testMissingPacket(self):
        packets = segments(self.STREAM, 40)
        del packets[3]
        result = tool("decode", data=pcap(packets, 101))
        self.assertRuns(result, 4)
        self.assertIn("offset 80: 40 bytes are missing in the capture", result.err)

    def testBrokenStreamLeavesTheOthersAlone(self):
        bad = segments(hello() + frame(12, 1), 50, source=40001)
        result = tool("decode", data=pcap(bad + segments(self.STREAM, 99), 101))
        self.assertRuns(result, 4)
        self.assertEqual(result.out.count(b"@"), 4)
        self.assertIn("127.0.0.1:40001 > 127.0.0.1:7099 offset 50: opcode 12", result.err)

    def testCutOffFile(self):
        capture = pcap(segments(self.STREAM, 1000), 101)
        result = tool("decode", data=capture[:-1])
        self.assertRuns(result, 4)
        self.assertIn("capture file, offset 80: a packet of", result.err)
        self.assertRuns(tool("decode", data=capture[:20]), 4)
        self.assertRuns(tool("decode", "-f", "pcap", data=b"no capture at all"), 4)
        self.assertRuns(tool("decode", data=pcapng([], 101)[:-1]), 4)

    def testHugeLengthsInTheFile(self):
        head = pcap([], 101)
        for size in [2**31, 2**32 - 1]:
            result = tool("decode", data=head + struct.pack("<IIII", 0, 0, size, size) + b"x" * 50)
            self.assertRuns(result, 4)

    def testExtensionHeadersThatLeadNowhere(self):
        """IPv6 headers whose chain goes on beyond the packet's end."""
        address = b"\0" * 15 + b"\1"
        for kind in [0, 43, 60]:
            packet = struct.pack(">IHBB", 6 << 28, 0, kind, 64) + address * 2
            for tail in [b"", b"\0", bytes([kind]) + b"\0" * 7, bytes([kind, 255]) + b"\0" * 6]:
                self.assertIn(tool("decode", data=pcap([packet + tail], 101)).code, (0, 4))

    def testRecordedSession(self):
        result = tool("decode", DATA / "session.pcap", "--json")
        self.assertRuns(result)
        lines = jsonLines(result.out)
        self.assertEqual(len(lines), 25)
        self.assertEqual({line["from"].rsplit(":", 1)[0] for line in lines}, {"127.0.0.1", "[::1]"})
        self.assertEqual([line["body"] for line in lines if line["opcode"] == "Response"],
                         ["chunk-1chunk-2", "hello, tofu", "Grüße über IPv6"])


if __name__ == "__main__":
    support.main()
