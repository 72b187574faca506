#!/usr/bin/env python3
"""Help, usage errors, exit codes, completion, colours: what is the same for every command."""

import shutil
import subprocess
import unittest

import support
from support import TOOL, ToolTest, onTerminal, tool

COMMANDS = ["listen", "connect", "request", "signal", "ping", "bench", "check", "decode", "forward", "completion"]


class CommandLine(ToolTest):
    def testHelpNamesEveryCommandAndTheExitCodes(self):
        result = tool("--help")
        self.assertRuns(result)
        for word in [*COMMANDS, "Exit codes:", "130"]:
            self.assertIn(word, result.out.decode())

    def testEveryCommandHasExamples(self):
        for command in COMMANDS:
            with self.subTest(command):
                result = tool(command, "--help")
                self.assertRuns(result)
                self.assertIn("Examples:", result.out.decode())
                self.assertIn(f"tempeh {command}", result.out.decode())

    def testVersion(self):
        self.assertRegex(tool("--version").out.decode(), r"^tempeh \d+\.\d+\.\d+\n$")

    def testUsageErrorsEndWithTwo(self):
        wrong = [
            [], ["nonsense"], ["ping"], ["ping", "--nonsense", "x:1"], ["ping", "x:1", "-c", "many"],
            ["ping", "x:1", "-i", "-1"], ["ping", "x:1", "-c", "-1"], ["ping", "x:1", "-c", "1x"],
            ["listen", "127.0.0.1:0", "-n", "-1"], ["bench", "-c", "-1"], ["bench", "-c", str(2**64)], ["decode", "--body", "-1"],
            ["check", "x:1", "--expect", "pong"], ["ping", "x:1", "-i", "2parsecs"], ["ping", "x:1", "-s", "70000"],
            ["bench", "--mode", "guess"], ["bench", "-s", "65536"], ["bench", "-n", "0"], ["completion", "fish"],
            ["listen"], ["listen", "127.0.0.1:0", "--echo", "--reply", "x"], ["decode", "--port", "65536", "x"],
            ["decode", "/nonexistent"], ["request", "x:1", "-f", "/nonexistent"], ["request", "x:1", "a", "-f", "b"],
            ["listen", "127.0.0.1:0", "-H", "no colon"], ["request", "x:1", "-o", "/nonexistent/x", "a"],
        ]
        for arguments in wrong:
            with self.subTest(arguments):
                result = tool(*arguments)
                self.assertRuns(result, 2)
                self.assertNotEqual(result.err, "")

    def testWrongAddressesAreUsage(self):
        for address in ["", "tcp|a b|1", "host:port", "host:0", "host:65536", "[::1", "[::1]x", "unix:",
                        "uds|", "unix:/" + "x" * 120, "a\x01b"]:
            with self.subTest(address):
                result = tool("check", address)
                self.assertRuns(result, 2)
                self.assertIn("is not an address", result.err)

    def testEveryFormOfAddressIsUnderstood(self):
        server, address = self.listen("--echo", "-q")
        port = address.split(":")[1]
        for form in [f"tcp|127.0.0.1|{port}", f"tcp||{port}", f"tcp://127.0.0.1:{port}", f"127.0.0.1:{port}",
                     f":{port}", f"localhost:{port}", f"tcp:127.0.0.1:{port}"]:
            with self.subTest(form):
                self.assertRuns(tool("check", form))
        path = self.folder / "s"
        self.listen("-q", address=str(path))
        for form in [f"uds|{path}", f"unix:{path}", f"unix://{path}", str(path)]:
            with self.subTest(form):
                self.assertRuns(tool("check", form))

    def testSocketsInThisFolderNeedNoSchemeAndNoSlash(self):
        for name in ["app.sock", "app"]:
            with self.subTest(name):
                self.listen("-q", address=f"unix:{self.folder / name}")
                done = subprocess.run([TOOL, "check", name], cwd=self.folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done)

    def testWhatIsPrintedCanBePasted(self):
        for address in ["127.0.0.1:0", "localhost:0", self.udsAddress()]:
            with self.subTest(address):
                _, printed = self.listen("-q", address=address)
                self.assertNotIn("|", printed)  # a shell would make a pipe of it
                self.assertRuns(tool("check", printed))

    def testOtherWordsThatMayHaveBeenMeantAreNamed(self):
        for arguments, meant in [(["lisen", ":1"], "'listen'"), (["conect", "x:1"], "'connect'"), (["reqeust"], "'request'"),
                                 (["ping", "x:1", "--conect"], "'--connect'"), (["ping", "x:1", "--coutn=3"], "'--count'"),
                                 (["request", "x:1", "--strem"], "'--stream'")]:
            with self.subTest(arguments):
                result = tool(*arguments)
                self.assertRuns(result, 2)
                self.assertIn(f"did you mean {meant}?", result.err)
                self.assertIn("--help", result.err)
        self.assertNotIn("did you mean", tool("zzz").err)

    def testUsageErrorsAreOneLineThatNamesTheCommand(self):
        for arguments in [["ping", "x:1", "-c", "-1"], ["ping"], ["bench", "--mode", "guess"], ["ping", "x:1", "--zzz"]]:
            with self.subTest(arguments):
                self.assertRegex(tool(*arguments).err, rf"^tempeh: {arguments[0]}: .+; see tempeh {arguments[0]} --help\n$")

    def testHelpNamesNoTypesOfTheProgram(self):
        for command in ["", *COMMANDS]:
            with self.subTest(command):
                text = tool(*command.split(), "--help").out.decode()
                self.assertNotRegex(text, r"\b(UINT|INT|FLOAT|TEXT:|std::|REQUIRED|SUBCOMMAND)")

    def testIpv6(self):
        try:
            server, address = self.listen("-q", address="[::1]:0")
        except AssertionError:
            self.skipTest("no IPv6 on this machine")
        self.assertRuns(tool("check", f"[::1]:{address.rsplit(':', 1)[1]}"))


class Colours(ToolTest):
    def testOnlyOnATerminal(self):
        arguments = ["decode", "--hex", "00010000000000000000000100000000"]
        self.assertIn(b"\x1b[36mRequest", onTerminal(*arguments))
        self.assertNotIn(b"\x1b", tool(*arguments, env={"TERM": "xterm"}).out)
        self.assertNotIn(b"\x1b", onTerminal(*arguments, env={"NO_COLOR": "1"}))
        self.assertNotIn(b"\x1b", onTerminal(*arguments, env={"TERM": "dumb"}))


class Completion(ToolTest):
    def complete(self, *words):
        script = ('source <("$0" completion bash); compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tempeh;'
                  ' echo "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, TOOL, *words], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def testBash(self):
        self.assertEqual(sorted(self.complete("tempeh", "")), sorted([*COMMANDS, "-h", "--help", "--version"]))
        self.assertEqual(self.complete("tempeh", "re"), ["request"])
        self.assertEqual(self.complete("tempeh", "ping", "--co"), ["--connect-timeout", "--count", "--connect"])
        self.assertEqual(self.complete("tempeh", "bench", "--mode", "f"), ["fan-in"])
        self.assertEqual(self.complete("tempeh", "completion", ""), ["-h", "--help", "bash", "zsh"])

    def testEveryOptionOfTheHelpIsKnown(self):
        for command in COMMANDS:
            known = self.complete("tempeh", command, "-")
            for word in tool(command, "--help").out.decode().split("Examples:")[0].replace(",", " ").split():
                if word.startswith("--"):
                    self.assertIn(word.rstrip(".:;"), known, command)

    def testZsh(self):
        script = tool("completion", "zsh")
        self.assertRuns(script)
        self.assertTrue(script.out.startswith(b"#compdef tempeh\n"))
        zsh = shutil.which("zsh")
        if zsh is None:
            self.skipTest("no zsh: its syntax was not checked")
        path = self.folder / "_tempeh"
        path.write_bytes(script.out)
        subprocess.run([zsh, "-n", str(path)], check=True)


if __name__ == "__main__":
    support.main()
