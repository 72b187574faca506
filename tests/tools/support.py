"""What the tests of the command line tool share: running it, frames by hand, capture files by hand."""

import collections
import json
import os
import pathlib
import pty
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

TOOL = os.environ.get("TEMPEH_TOOL", "tempeh")
SANITIZED = os.environ.get("TEMPEH_SANITIZE", "") != ""
DATA = pathlib.Path(__file__).resolve().parent / "data"
PATIENCE = 60  # seconds; only a failing test waits that long

REQUEST, RESPONSE, SIGNAL, HELLO_REQUEST, HELLO_RESPONSE, BYE_REQUEST, BYE_RESPONSE = range(7)

Result = collections.namedtuple("Result", "code out err")


def tool(*arguments, data=b"", env=None):
    """Runs the tool to its end; standard input is `data`."""
    done = subprocess.run([TOOL, *map(str, arguments)], input=data, capture_output=True, timeout=PATIENCE * 5,
                          env=None if env is None else {**os.environ, **env}, check=False)
    return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def onTerminal(*arguments, env=None):
    """What the tool writes when standard output is a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([TOOL, *map(str, arguments)], stdout=follower, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", **(env or {})})
    os.close(follower)
    data = b""
    while True:
        try:
            got = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not got:
            break
        data += got
    process.wait()
    os.close(leader)
    return data


class Running:
    """The tool in the background, its lines as they come."""

    def __init__(self, *arguments, data=None, descriptors=()):
        self.process = subprocess.Popen([TOOL, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL if data is None else subprocess.PIPE, text=True,
                                        pass_fds=descriptors)
        self.seen = []
        self.errors = []
        self.lines = queue.Queue()
        self.threads = [threading.Thread(target=self.pump), threading.Thread(target=self.pumpErrors)]
        for thread in self.threads:
            thread.start()

    def pump(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def pumpErrors(self):
        self.errors += self.process.stderr.read().splitlines()

    def waitFor(self, text):
        """The next line that contains the text."""
        while True:
            line = self.lines.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError(f"ended without '{text}': {self.seen} {self.errors}")
            self.seen.append(line)
            if text in line:
                return line

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self):
        """Waits for its end: exit code, all lines."""
        code = self.process.wait(timeout=PATIENCE)
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        while (line := self.lines.get()) is not None:
            self.seen.append(line)
        return code, self.seen

    def stop(self):
        if self.process.poll() is None:
            self.interrupt()
        return self.end()


class ToolTest(unittest.TestCase):
    """A temporary folder, and servers that end with the test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tempeh-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, *arguments, **options):
        running = Running(*arguments, **options)

        def finish():
            if not running.process.stdout.closed:
                running.stop()

        self.addCleanup(finish)
        return running

    def listen(self, *options, address="127.0.0.1:0"):
        """A server and the address it says it listens on."""
        server = self.start("listen", address, *options)
        line = server.waitFor("listening")
        if line.startswith("{"):
            return server, json.loads(line)["address"]
        return server, line.split(" ", 1)[1]

    def udsAddress(self, name="s"):
        return f"unix:{self.folder / name}"

    def assertRuns(self, result, code=0):
        self.assertEqual(result.code, code, result)


def frame(opcode, message_id, *, channel=1, headers=b"", body=b"", more=False, status=0, proto=0):
    head = struct.pack(">HBBQHH", channel, opcode | (0x20 if more else 0) | proto, status, message_id, len(headers),
                       len(body))
    return head + headers + body


def hello(message_id=1, where="tcp|127.0.0.1|7099"):
    return frame(HELLO_REQUEST, message_id, headers=f"~connect_to:{where}\r\n".encode())


class RawClient:
    """A client that is no tempeh: frames by hand over a TCP connection."""

    def __init__(self, address):
        host, port = address.rsplit(":" if "|" not in address else "|", 1)
        host = host.rsplit("|", 1)[-1].strip("[]")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def exactly(self, size):
        data = b""
        while len(data) < size:
            got = self.socket.recv(size - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def receive(self):
        """(opcode byte, status, id, headers, body) of the next frame."""
        _, proto, status, message_id, thl, bl = struct.unpack(">HBBQHH", self.exactly(16))
        return proto, status, message_id, self.exactly(thl), self.exactly(bl)

    def close(self):
        self.socket.close()


# --- capture files ---


def tcpPacket(source, target, sequence, payload=b"", *, flags=0x18, host="127.0.0.1"):
    """IPv4, without checksums: nobody here looks at them."""
    tcp = struct.pack(">HHIIBBHHH", source, target, sequence & 0xFFFFFFFF, 0, 5 << 4, flags, 65535, 0, 0) + payload
    address = socket.inet_aton(host)
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + address + address + tcp


def ethernet(packet):
    return b"\0" * 12 + b"\x08\x00" + packet


def pcap(packets, link=1, order="<", magic=0xA1B2C3D4):
    """Packets (of the link type) as a pcap file, one a millisecond."""
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, packet in enumerate(packets):
        data += struct.pack(order + "IIII", 1_700_000_000, number * 1000, len(packet), len(packet)) + packet
    return data


def pcapng(packets, link=1, order="<"):
    def block(kind, content):
        content += b"\0" * (-len(content) % 4)
        size = struct.pack(order + "I", len(content) + 12)
        return struct.pack(order + "I", kind) + size + content + size

    data = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack(order + "HHI", link, 0, 65535))
    for number, packet in enumerate(packets):
        time = 1_700_000_000_000_000 + number * 1000
        data += block(6, struct.pack(order + "IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(packet), len(packet)) + packet)
    return data


def segments(stream, size, *, source=40000, target=7099, start=1000):
    """A SYN, and the stream cut into segments of that size."""
    packets = [tcpPacket(source, target, start, flags=0x02)]
    for offset in range(0, len(stream), size):
        packets.append(tcpPacket(source, target, start + 1 + offset, stream[offset:offset + size]))
    return packets


def jsonLines(output):
    return [json.loads(line) for line in output.decode().splitlines()]


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
