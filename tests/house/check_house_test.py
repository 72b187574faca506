#!/usr/bin/env python3
"""Proves that check_house.py finds what it is there to find, and nothing in a clean tree."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_house  # noqa: E402

CLEAN = {
    "include/tempeh/tempeh.hpp": "#pragma once\n#include <tempeh/core/reactor.hpp>\n",
    "include/tempeh/core/reactor.hpp": "#pragma once\n#include <tempeh/message/message.hpp>\n#include <boost/asio.hpp>\n",
    "include/tempeh/message/message.hpp": "#pragma once\n#include <string>\n",
    "lib/wire/decoder.hpp": '#pragma once\n#include "base/checked.hpp"\n#include <tempeh/message/message.hpp>\n',
    "lib/base/checked.hpp": "#pragma once\n",
    "lib/wire/decoder.cpp": '#include "wire/decoder.hpp"\n// steady_clock::now() and <boost/asio.hpp>: elsewhere\n',
    "lib/core/engine/reactor.cpp": '#include "wire/decoder.hpp"\nauto start = Clock::now();\n',
    "samples/demo/main.cpp": "#include <tempeh/tempeh.hpp>\n",
    "README.md": "See https://example.org/work/ and network/" + "work/.\n",
}


class CheckHouse(unittest.TestCase):
    def problems(self, extra):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **extra}.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_house.check(folder)

    def assertFinds(self, name, text, expected):
        problems = self.problems({name: text})
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(name, problems[0])
        self.assertIn(expected, problems[0])

    def testCleanTreePasses(self):
        self.assertEqual(self.problems({}), [])

    def testPrivateIncludePointingUp(self):
        self.assertFinds("lib/base/bad.cpp", '#include "wire/decoder.hpp"\n', "points up")

    def testPrivateIncludeOfTheEngineInFlows(self):
        self.assertFinds("lib/flows/bad.cpp", '#include "wire/decoder.hpp"\n', "private")
        self.assertEqual(self.problems({"lib/flows/good.cpp": '#include "base/checked.hpp"\n#include <tempeh/core/reactor.hpp>\n'}), [])

    def testRelativeIncludePointingUp(self):
        self.assertFinds("lib/base/bad.cpp", '#include "../wire/decoder.hpp"\n', "points up")

    def testPublicIncludePointingUp(self):
        self.assertFinds("include/tempeh/message/bad.hpp", "#pragma once\n#include <tempeh/core/reactor.hpp>\n", "points up")

    def testUmbrellaStandsForCore(self):
        self.assertFinds("lib/transport/bad.cpp", "# include <tempeh/tempeh.hpp>\n", "points up")
        self.assertFinds("include/tempeh/tempeh.hpp", "#pragma once\n#include <tempeh/flows/stream.hpp>\n", "points up")

    def testStatusThatTheDocsDoNotKnow(self):
        tree = {"include/tempeh/message/detail/status_table.hpp": "#pragma once\n    ROW(4, Bad, Wire,\n    ROW(64, Worse, Local,\n",
                "docs/wire.md": "4\nBad,\n64 Worse.\n"}
        self.assertEqual(self.problems(tree), [])
        self.assertIn("missing: 64 Worse", "".join(self.problems({**tree, "docs/wire.md": "4 Bad, 64 Worsened\n"})))

    def testUnknownLayer(self):
        self.assertFinds("lib/misc/bad.cpp", "\n", "no layer")
        self.assertFinds("lib/core/bad.cpp", "#include <tempeh/misc/x.hpp>\n", "no layer")

    def testPublicHeaderIncludesPrivate(self):
        self.assertFinds("include/tempeh/core/bad.hpp", '#pragma once\n#include "wire/decoder.hpp"\n', "private")

    def testSampleIncludesPrivate(self):
        self.assertFinds("samples/x/main.cpp", '#include "wire/decoder.hpp"\n', "private")

    def testLibraryIncludesTests(self):
        self.assertFinds("lib/core/bad.cpp", '#include "../../tests/support/x.hpp"\n', "no part of the library")

    def testSansIo(self):
        for header in ("boost/asio.hpp", "boost/asio/awaitable.hpp", "spdlog/spdlog.h", "thread"):
            for layer in ("base", "message", "wire", "machines"):
                self.assertFinds(f"lib/{layer}/bad.cpp", f"#include <{header}>\n", "sans-io")
        self.assertFinds("include/tempeh/message/bad.hpp", "#pragma once\n#include <thread>\n", "sans-io")

    def testClockRead(self):
        self.assertFinds("lib/machines/bad.cpp", "auto t = std::chrono::steady_clock::now();\n", "clock")
        self.assertFinds("lib/wire/bad.cpp", 'auto s = "// no comment"; auto t = Clock :: now ();\n', "clock")
        self.assertFinds("lib/wire/bad.cpp", "auto n = 1'000; auto t = Clock::now(); auto c = '\"';\n", "clock")

    def testPureLayers(self):
        self.assertFinds("lib/machines/bad.cpp", "#include <mutex>\n", "pure")
        self.assertFinds("lib/wire/bad.cpp", "#include <sys/socket.h>\n", "pure")

    def testSystemsAreApart(self):
        self.assertFinds("lib/transport/bad.cpp", "#include <unistd.h>\n", "outside")
        self.assertFinds("lib/transport/bad.cpp", "#include <sys/socket.h>\n", "outside")
        self.assertFinds("include/tempeh/core/bad.hpp", "#pragma once\n#include <winsock2.h>\n", "outside")
        self.assertEqual(self.problems({"lib/transport/posix/good.cpp": "#include <unistd.h>\n"}), [])
        self.assertEqual(self.problems({"tools/x/good.cpp": "#include <unistd.h>\n"}), [])

    def testTransportsAreNamedByTheirListAlone(self):
        include = '#include "transport/tcp/tcp_stream.hpp"\n'
        for place in ("lib/core/bad.cpp", "lib/transport/bad.cpp", "lib/transport/uds/bad.cpp", "lib/testing/bad.cpp"):
            self.assertFinds(place, include, "belongs to a transport")
        for place in ("lib/transport/scheme.cpp", "lib/transport/tcp/good.cpp", "lib/transport/posix/good.cpp"):
            self.assertEqual(self.problems({place: include}), [])
        for name in ("UdsClientAddress{path}", "std::get<TcpServerAddress>(x)", "Transport::Tcp"):
            self.assertFinds("lib/core/bad.cpp", f"auto a = {name};\n", "names a transport")
            self.assertFinds("lib/flows/bad.cpp", f"auto a = {name};\n", "names a transport")
            self.assertEqual(self.problems({"lib/wire/good.cpp": f"auto a = {name};\n"}), [])

    def testLength(self):
        self.assertEqual(self.problems({"lib/core/long.cpp": "\n" * 400}), [])
        self.assertFinds("lib/core/long.cpp", "\n" * 401, "401 lines")
        self.assertFinds("include/tempeh/core/long.hpp", "#pragma once\n" + "\n" * 400, "401 lines")

    def testNamesAndGuards(self):
        self.assertFinds("lib/core/Bad.cpp", "\n", "snake_case")
        self.assertFinds("lib/core/bad.hpp", "\n", "pragma once")

    def testMachinePaths(self):
        for path in ("/work" + "/main/x", "/home" + "/somebody/x", "/tmp" + "/build-x"):
            self.assertFinds("docs.md", f"first\nsee {path} there\n", "docs.md:2: a path of one machine")


if __name__ == "__main__":
    unittest.main(verbosity=1)
