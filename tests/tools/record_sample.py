#!/usr/bin/env python3
"""Records data/session.pcap anew: a real conversation over the loopback interface. Needs tcpdump and root.

Usage: TEMPEH_TOOL=build/dev/bin/tempeh tests/tools/record_sample.py
"""

import subprocess
import time

import support
from support import frame, tool


def rawConversation():
    """What the tool does not send by itself: parts by hand, a status, every kind of byte."""
    client = support.RawClient("tcp|127.0.0.1|7099")
    client.send(support.hello())
    client.receive()
    headers = b"PDL:PS\r\nJob-ID:12345"  # the last line's end may be missing
    client.send(frame(support.REQUEST, 0x0102030405060708, headers=headers, body=b"chunk-1", more=True),
                frame(support.REQUEST, 0x0102030405060708, body=b"chunk-2"))
    client.receive()
    client.send(frame(support.SIGNAL, 2**64 - 1, body=b"\x00\xff", status=200))
    client.send(frame(support.BYE_REQUEST, 99))
    client.receive()
    client.close()


def main():
    target = support.DATA / "session.pcap"
    capture = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", str(target), "tcp port 7099 or tcp port 7098"],
                               stderr=subprocess.PIPE, text=True)
    capture.stderr.readline()  # "listening on lo"
    server = support.Running("listen", "127.0.0.1:7099", "[::1]:7098", "--echo")
    server.waitFor("7098")
    rawConversation()
    tool("request", "127.0.0.1:7099", "hello, tofu", "-H", "user:ada", "-H", "lang:en")
    tool("request", "[::1]:7098", "Grüße über IPv6")
    tool("signal", "127.0.0.1:7099", "done")
    server.stop()
    time.sleep(0.5)  # tcpdump reads in its own time
    capture.terminate()
    capture.wait()
    capture.stderr.close()


if __name__ == "__main__":
    main()
