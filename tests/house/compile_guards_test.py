"""What must not compile, or not link, and says why: names that X11 defines as macros, statuses that are not in order, what
a lock guards touched without it, and a program whose configuration of Asio is not the library's.

Usage: compile_guards_test.py COMPILER LIBRARY FLAG...
"""

import pathlib
import shutil
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
        command = [COMPILER, "-std=c++20", *flags, *FLAGS, str(program), *last, "-o", f"{folder}/program"]
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


class Statuses(unittest.TestCase):
    SOURCE = "#include <tempeh/message/status.hpp>\n"

    def compile_with_table(self, change):
        """The errors when the rows of the table are what `change` makes of them."""
        table = pathlib.Path("tempeh", "message", "detail", "status_table.hpp")
        include = next(flag[2:] for flag in FLAGS if flag.startswith("-I") and pathlib.Path(flag[2:], table).is_file())
        text = pathlib.Path(include, table).read_text()
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder, table)
            copy.parent.mkdir(parents=True)
            copy.write_text(change(text))
            self.assertNotEqual(copy.read_text(), text)
            return compile_with(self.SOURCE, f"-I{folder}").stderr

    def test_rows_are_in_order(self):
        for change in (lambda text: text.replace("ROW(64,", "ROW(65,"), lambda text: text.replace("ROW(67,", "ROW(68,"),
                       lambda text: text.replace("ROW(66, Returned, Local", "ROW(66, Returned, Wire")):
            self.assertIn("status_table.hpp: a row is out of order", self.compile_with_table(change))

    def test_one_of_tempehs_own_is_not_sent(self):
        source = self.SOURCE + "auto byte = tempeh::detail::wireByte<tempeh::Status::Returned>;\n"
        self.assertIn("crossesTheWire", compile_with(source).stderr)


@unittest.skipIf(shutil.which("clang++-16") is None, "no clang++-16, whose analysis it is")
class Locks(unittest.TestCase):
    def errors(self, source):
        include = next(pathlib.Path(flag[2:]) for flag in FLAGS if flag.startswith("-I"))
        command = ["clang++-16", "-std=c++20", "-fsyntax-only", "-Wthread-safety", "-Werror", f"-I{include}",
                   f"-I{include.parent / 'lib'}", "-x", "c++", "-"]
        return subprocess.run(command, input=source, capture_output=True, text=True, check=False).stderr

    def test_what_a_lock_guards_needs_it(self):
        source = ("#include <tempeh/base/detail/mutex.hpp>\n"
                  "struct Count { void add() { LOCK ++count; }\n"
                  "tempeh::base::Mutex mutex; int count TEMPEH_GUARDED_BY(mutex); };")
        held = source.replace("LOCK", "const tempeh::base::MutexLock lock(mutex);")
        self.assertEqual(self.errors(held), "")
        self.assertIn("requires holding mutex 'mutex'", self.errors(source.replace("LOCK", "")))

    def test_a_wait_gives_the_lock_back_and_takes_it(self):
        source = ("#include <tempeh/base/detail/mutex.hpp>\n"
                  "struct Gate { void pass() { tempeh::base::WaitableLock lock(mutex);\n"
                  "lock.wait(opened, [this]() TEMPEH_REQUIRES(mutex) { return isOpen; }); UNLOCK isOpen = false; }\n"
                  "tempeh::base::Mutex mutex; std::condition_variable opened; bool isOpen TEMPEH_GUARDED_BY(mutex); };")
        self.assertEqual(self.errors(source.replace("UNLOCK", "")), "")
        self.assertIn("requires holding mutex 'mutex'", self.errors(source.replace("UNLOCK", "lock.unlock();")))

    def test_the_library_without_one_of_its_locks(self):
        include = next(pathlib.Path(flag[2:]) for flag in FLAGS if flag.startswith("-I"))
        text = (include.parent / "lib" / "core" / "submit" / "submit_queue.cpp").read_text()
        lock = "    const base::MutexLock lock(mutex_);\n"
        self.assertGreater(text.count(lock), 10)
        self.assertIn("requires holding mutex 'mutex_'", self.errors(text.replace(lock, "", 1)))

    def test_flows_without_its_locks(self):
        include = next(pathlib.Path(flag[2:]) for flag in FLAGS if flag.startswith("-I"))
        text = (include.parent / "lib" / "flows" / "peer" / "peer_state.cpp").read_text()
        lock = "    const HubLock lock(*hub_);\n"
        self.assertGreater(text.count(lock), 5)
        errors = self.errors(text.replace(lock, ""))
        self.assertIn("requires holding hub lock 'hubLocked'", errors)

    def test_what_is_told_with_a_hubs_lock_and_what_without(self):
        errors = self.errors(
            "#include \"flows/hub/hub.hpp\"\nusing namespace tempeh::flows::detail;\n"
            "void settle(Wait& wait) { wait.settle(); }\n"
            "void settleWithIt(Hub& hub, Wait& wait) { const HubLock lock(hub); wait.settle(); }\n"
            "void cancelWithIt(Hub& hub, Wait& wait) { const HubLock lock(hub); hub.cancel(wait); }\n"
            "void cancel(Hub& hub, Wait& wait) { hub.cancel(wait); }\n")
        self.assertEqual(errors.count("error: "), 2, errors)
        self.assertIn("calling function 'settle' requires holding hub lock 'hubLocked'", errors)
        self.assertIn("cannot call function 'cancel' while hub lock 'hubLocked' is held", errors)


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
