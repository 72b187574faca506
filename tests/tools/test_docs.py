#!/usr/bin/env python3
"""Runs the examples of docs/tool.md: what they print is what the page shows, but for the numbers.

A `console server` block is one command that goes on until the end of its chapter, and then has printed what its block
shows. The commands of `console` blocks run meanwhile, one after the other.
TEMPEH_DOCS_UPDATE=1 writes what is printed now into the page.
"""

import os
import pathlib
import re
import signal
import subprocess
import unittest

import support
from support import TOOL, ToolTest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tool.md"
PIECE = re.compile(r"^(## .*|```console(?: server)?\n(?:.*\n)*?```)$", re.MULTILINE)


def masked(text):
    """Without what differs from run to run: numbers, their units, the rows of a histogram."""
    text = re.sub(r"^ +< .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"tempeh-\S+\.sock", "SOCKET", text)
    text = re.sub(r"\d+(\.\d+)? (us|ms|s)\b", "TIME", text)
    text = re.sub(r"\d+(\.\d+)? (B|KB|MB|GB)\b", "SIZE", text)
    return re.sub(r"\d+(\.\d+)?", "N", text)


class Docs(ToolTest):
    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "tempeh").symlink_to(pathlib.Path(TOOL).resolve())
        (self.folder / "session.pcap").symlink_to(support.DATA / "session.pcap")
        self.env = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        self.servers = []
        self.updates = []

    def shell(self, command, **options):
        return subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, **options)

    def startServer(self, block, command):
        process = self.shell(f"exec {command}", stderr=subprocess.DEVNULL)
        lines = [process.stdout.readline()]
        self.assertIn("listening", lines[0], command)
        for _ in re.findall(r" unix:\S+", command)[1:] if "listen" in command else []:
            lines.append(process.stdout.readline())
        self.servers.append((block, command, process, lines))

    def stopServers(self):
        while self.servers:
            block, command, process, lines = self.servers.pop()
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=support.PATIENCE)
            self.compare(block, f"$ {command}\n" + "".join(lines) + rest)

    def runBlock(self, block, content):
        printed = ""
        for command in re.findall(r"^\$ (.*)$", content, re.MULTILINE):
            process = self.shell(command, stderr=subprocess.STDOUT)
            out, _ = process.communicate(timeout=support.PATIENCE)
            printed += f"$ {command}\n{out}" + ("" if out.endswith("\n") or not out else "\n")
        self.compare(block, printed)

    def compare(self, block, printed):
        fence, content = block.split("\n", 1)
        self.updates.append((block, f"{fence}\n{printed}```"))
        if os.environ.get("TEMPEH_DOCS_UPDATE") != "1":
            with self.subTest(printed.split("\n")[0]):
                self.assertEqual(masked(content.removesuffix("```")), masked(printed))

    def testEveryExample(self):
        text = PAGE.read_text()
        pieces = PIECE.findall(text)
        self.assertGreater(len(pieces), 15)
        try:
            for piece in pieces:
                if piece.startswith("## "):
                    self.stopServers()
                elif piece.startswith("```console server"):
                    self.startServer(piece, piece.split("\n")[1].removeprefix("$ "))
                else:
                    self.runBlock(piece, piece)
        finally:
            self.stopServers()
        if os.environ.get("TEMPEH_DOCS_UPDATE") == "1":
            for old, new in self.updates:
                text = text.replace(old, new)
            PAGE.write_text(text)


if __name__ == "__main__":
    support.main()
