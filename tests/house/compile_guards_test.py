"""What must not compile, or not link, and says why: names that X11 defines as macros, and a program whose
configuration of Asio is not the library's.

Usage: compile_guards_test.py COMPILER LIBRARY FLAG...
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPILER, LIBRARY, *FLAGS = sys.argv[1:]
PROGRAM = "#include <tempeh/core/asio.hpp>\nint main() {}\n"


def compile_with(source, *flags, link=False):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "program.cpp")
        program.write_text(source)
        last = [LIBRARY] if link else ["-fsyntax-only"]
        command = [COMPILER, "-std=c++20", *FLAGS, *flags, str(program), *last, "-o", f"{folder}/program"]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class X11Macros(unittest.TestCase):
    def test_each_is_named_by_an_error(self):
        for name in ("Status", "Success", "Always"):
            source = f"#define {name} 0\n#include <tempeh/tempeh.hpp>\n"
            self.assertIn("X11 defines Status, Success and Always", compile_with(source).stderr)

    def test_between_two_headers_too(self):
        source = "#include <tempeh/message/status.hpp>\n#define Success 0\n#include <tempeh/flows.hpp>\n"
        self.assertIn("X11 defines", compile_with(source).stderr)

    def test_undefined_again_they_do_no_harm(self):
        source = "#define Status int\n#undef Status\n#include <tempeh/core/stats.hpp>\n"
        self.assertEqual(compile_with(source).stderr, "")


class Configuration(unittest.TestCase):
    def test_the_same_links(self):
        result = compile_with(PROGRAM, link=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_another_does_not(self):
        for flag in ("-fno-rtti", "-DBOOST_ASIO_NO_TYPEID", "-DBOOST_ASIO_DISABLE_EPOLL",
                     "-DBOOST_ASIO_ENABLE_HANDLER_TRACKING", "-DBOOST_ASIO_DISABLE_THREADS"):
            result = compile_with(PROGRAM, flag, link=True)
            self.assertNotEqual(result.returncode, 0, flag)
            self.assertIn("tempeh::detail::configuration::builtWith", result.stderr, flag)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
