#!/usr/bin/env python3
"""TLS with the tool: listen, request and check, files that are no good, servers and clients that are refused."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import ToolTest, tool


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A CA and certificates of it, made by openssl(1)."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.ca = self.folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.folder / f"{name}.key", "-out", self.ca)

    def issue(self, name, days=30):
        request, key, pem = (self.folder / f"{name}.{end}" for end in ("csr", "key", "pem"))
        extensions = self.folder / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / f"{self.name}.key", "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", pem)
        return ["--cert", pem, "--key", key]


class Tls(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = tempfile.TemporaryDirectory()
        cls.ca = Authority(cls.made.name, "ca")
        cls.other = Authority(cls.made.name, "other")
        cls.server = cls.ca.issue("server")
        cls.client = cls.ca.issue("client")

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()
        super().tearDownClass()

    def listen(self, *arguments):
        server = self.start("listen", "tls:127.0.0.1:0", "--echo", *arguments)
        return server, "tls:localhost:" + server.waitFor("tls://").split(":")[-1]

    def testARequestIsAnswered(self):
        _, address = self.listen(*self.server)
        done = tool("request", address, "hello", "--ca", self.ca.ca, "-q")
        self.assertEqual((done.code, done.out), (0, b"hello"), done.err)

    def testCheckSaysHowLongTheCertificateIsValid(self):
        _, address = self.listen(*self.server)
        done = tool("check", address, "--ca", self.ca.ca)
        self.assertEqual(done.code, 0, done.err)
        self.assertRegex(done.out, rb"certificate of CN=server valid for (29|30) days")
        self.assertIn(json.loads(tool("check", address, "--ca", self.ca.ca, "--json").out)["certificateDays"], (29, 30))
        done = tool("check", address, "--ca", self.ca.ca, "--days", 60)
        self.assertEqual(done.code, 1)
        self.assertRegex(done.out, rb"FAILED .* valid for (29|30) days, fewer than 60")

    def testWhoIsNotTrustedIsNamed(self):
        _, address = self.listen(*self.server)
        done = tool("request", address, "hello", "--ca", self.other.ca)
        self.assertEqual(done.code, 3)
        self.assertIn("no trusted CA has signed it", done.err)
        self.assertEqual(tool("request", address, "hello", "--insecure").code, 0)

    def testAClientNeedsACertificateOfTheCa(self):
        server, address = self.listen(*self.server, "--ca", self.ca.ca)
        self.assertEqual(tool("request", address, "hello", "--ca", self.ca.ca, *self.client).code, 0)
        done = tool("request", address, "hello", "--ca", self.ca.ca)
        self.assertEqual(done.code, 3)
        self.assertIn("requires a certificate", done.err)
        server.interrupt()
        server.end()
        self.assertIn("presented no certificate", "\n".join(server.errors))

    def testForwardSaysThatItRelaysTlsUnread(self):
        done = tool("forward", "tls:127.0.0.1:0", "localhost:1")
        self.assertEqual(done.code, 2)
        self.assertIn("write tcp: to relay TLS unread", done.err)

    def testFilesThatAreNoGoodAreNamed(self):
        done = tool("listen", "tls:127.0.0.1:0", "--cert", "missing.pem", "--key", "missing.key")
        self.assertEqual(done.code, 2)
        self.assertIn("missing.pem", done.err)


if __name__ == "__main__":
    if shutil.which("openssl") is None or b"--cert" not in tool("listen", "--help").out:
        sys.exit(77)
    unittest.main()
