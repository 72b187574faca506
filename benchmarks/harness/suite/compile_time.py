"""What including the library costs a user's compiler: CPU seconds, which another load on the machine hardly changes."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from statistics import median

# What is compiled: files in benchmarks/compile, and one that is written for the purpose.
SOURCES = {"include_only": "a file that includes `<tempeh/tempeh.hpp>`", "echo_server": "an echo server on it",
           "asio_only": "only the parts of Asio that it includes"}
LEVELS = ("-O0", "-O2", "-fsyntax-only")


def compilers():
    """(name, program) of one GCC and one Clang, as far as there are any."""
    found = []
    for name, programs in (("gcc", ("g++",)), ("clang", ("clang++", "clang++-16", "clang++-17", "clang++-18", "clang++-19"))):
        program = next(filter(None, map(shutil.which, programs)), None)
        if program:
            found.append((name, program))
    return found


def source_files(root, folder):
    """name -> path"""
    known = root / "benchmarks" / "compile"
    used = {include for header in (root / "include").rglob("*.hpp")
            for include in re.findall(r"^#include <boost/asio/.*>$", header.read_text(encoding="utf-8"), re.MULTILINE)}
    asio = pathlib.Path(folder, "asio_only.cpp")
    asio.write_text("\n".join(sorted(used)) + "\n", encoding="utf-8")
    return {name: asio if name == "asio_only" else known / f"{name}.cpp" for name in SOURCES}


def compile_once(command, core):
    """CPU seconds of compiler and assembler; None when it does not compile."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime if process.returncode == 0 else None


def measure(root, repetitions, core):
    """A dictionary per compiler, level and source; without precompiled headers, against the public headers alone."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sources = source_files(root, folder)
        for compiler, program in compilers():
            for level in LEVELS:
                for name, path in sources.items():
                    command = [program, "-std=c++20", level, "-I", str(root / "include"), "-c", str(path), "-o",
                               f"{folder}/out.o"]
                    times = [compile_once(command, core) for _ in range(repetitions)]
                    if None in times:
                        print(f"  {compiler} {level}: {path.name} does not compile")
                        continue
                    figures.append({"compiler": compiler, "level": level, "source": name,
                                    "seconds": round(median(times), 3)})
    return figures
