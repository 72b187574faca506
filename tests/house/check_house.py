#!/usr/bin/env python3
"""Checks the rules of the house that a compiler does not: arrows, sans-io, sizes, names, foreign paths, statuses in the docs.

Usage: check_house.py [ROOT]. Prints one line per violation; exit status 1 when there is any.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

# Lowest first. A file may include its own layer and those before it.
LAYERS = ["base", "message", "wire", "machines", "transport", "core", "flows", "testing", "actors", "tls"]
RANK = {layer: rank for rank, layer in enumerate(LAYERS)}
TOP = len(LAYERS)  # tools and samples: above every layer
UMBRELLAS = {"tempeh.hpp": "core", "all.hpp": "flows", "version.hpp": "base"}  # include/tempeh/<layer>.hpp stands for that layer as well

ENGINE = {"wire", "machines", "transport", "core"}
ON_PUBLIC_HEADERS = {"flows", "actors"}  # of the engine they use what every application could
SANS_IO = {"base", "message", "wire", "machines"}
SANS_IO_HEADERS = re.compile(r"^(boost/asio\b|asio[./]|spdlog/|thread$)")
PURE = {"wire", "machines"}  # here not even system headers or locks
PURE_HEADERS = re.compile(r"^(sys/|netinet/|arpa/|poll\.h$|unistd\.h$|netdb\.h$|mutex$|shared_mutex$|condition_variable$|future$)")
# Of one kind of system: in lib/<layer>/posix and lib/<layer>/windows alone.
SYSTEM_HEADERS = re.compile(r"^(sys/|net/|netinet/|arpa/|linux/|(poll|unistd|netdb|fcntl|pthread|signal|sched|process|windows|winsock2"
                            r"|ws2tcpip)\.h$)")
SYSTEMS = {"posix", "windows"}
# A transport is known to the list of transports alone: who else names it has to be changed for the next one.
TRANSPORT_LIST = "lib/transport/scheme.cpp"
TRANSPORT_NAME = re.compile(r"\b(?:Tcp|Uds)(?:Client|Server)Address\b|\bTransport::(?:Tcp|Uds)\b")
WITHOUT_TRANSPORT_NAMES = {("lib", layer) for layer in ("machines", "core", "flows")}
CLOCK_READ = re.compile(r"::\s*now\s*\(")

MAX_LINES = 400
SOURCE_NAME = re.compile(r"^[a-z0-9_]+\.(hpp|cpp|ipp)$")
SOURCE_SUFFIXES = {".hpp", ".cpp", ".ipp", ".h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\ ]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
STATUS_TABLE = "include/tempeh/message/detail/status_table.hpp"
STATUS_ROW = re.compile(r"^ *ROW\((\d+), (\w+),", re.MULTILINE)
STATUS_PAGE = "docs/wire.md"  # has every number; samples/readme/check_blocks.py looks after the page that says what to do
# Folders that exist on one machine only. Written in pieces, so that this file passes its own check.
LOCAL_PATHS = re.compile(r"(?<![\w.$}~/-])/(?:" + "|".join(
    ["work" + "/", "root" + "/", "home" + r"/\w+/", "tmp" + "/plan", "tmp" + "/build-", "tmp" + "/bash_jobs"]) + ")")


def withoutComments(text):
    """Blanks comments, keeps strings and line numbers."""
    def blank(match):
        found = match.group(0)
        return re.sub(r"[^\n]", " ", found) if found.startswith("/") else found
    return COMMENT_OR_STRING.sub(blank, text)


def layerOf(path):
    """('public'|'private'|'top', layer or None when unknown) of a repository path; None when no layer applies."""
    parts = path.parts
    if parts[:2] == ("include", "tempeh"):
        name = UMBRELLAS.get(parts[2], parts[2].removesuffix(".hpp")) if len(parts) == 3 else parts[2]
        return "public", name if name in RANK else None
    if parts[0] == "lib" and path.suffix in SOURCE_SUFFIXES:
        name = parts[1] if len(parts) > 2 else ""
        return "private", name if name in RANK else None
    if parts[0] in ("tools", "samples"):
        return "top", parts[0]
    return None


def includedPath(root, path, kind, name):
    """The repository path that an include means, or None for one from outside."""
    if name.startswith("tempeh/"):
        return pathlib.PurePosixPath("include") / name
    if kind != '"':
        return None
    beside = pathlib.PurePosixPath(os.path.normpath(path.parent / name))
    if (root / beside).is_file():
        return beside
    if name.split("/")[0] in RANK:
        return pathlib.PurePosixPath("lib") / os.path.normpath(name)
    return beside if ".." in name else None


def lineOf(text, position):
    return text.count("\n", 0, position) + 1


# Transports made of others: a socket that was handed over is of one of these.
BUILT_ON = {"fd": {"tcp", "uds"}}


def isOfTransport(target):
    """Whether a file is in the folder of one transport, lib/transport/<transport>."""
    parts = target.parts
    return len(parts) > 3 and parts[:2] == ("lib", "transport") and parts[2] not in SYSTEMS | {"shared"}


def checkInclude(root, path, kind, name, place):
    """Violations of one include directive in a file that belongs to a layer."""
    visibility, layer = place
    rank = RANK.get(layer, TOP)
    if layer in SANS_IO and SANS_IO_HEADERS.match(name):
        yield f"<{name}> in the sans-io layer {layer}"
    if layer in PURE and PURE_HEADERS.match(name):
        yield f"<{name}> in the pure layer {layer}"
    elif visibility != "top" and SYSTEM_HEADERS.match(name) and path.parent.name not in SYSTEMS:
        yield f"<{name}> outside lib/<layer>/posix and lib/<layer>/windows"
    target = includedPath(root, path, kind, name)
    if target is None or target.parts[0] == "..":
        return
    mayUse = BUILT_ON.get(path.parent.name, set()) if isOfTransport(path) else set()
    if isOfTransport(target) and visibility != "top" and str(path) != TRANSPORT_LIST \
            and path.parent != target.parent and path.parent.name not in SYSTEMS and target.parts[2] not in mayUse:
        yield f"{name} belongs to a transport; {TRANSPORT_LIST} names it, nobody else"
    found = layerOf(target)
    if found is None:
        if visibility != "top" and target.parts[0] in ("tests", "benchmarks"):
            yield f"{layer} includes {name}, which is no part of the library"
        return
    targetVisibility, targetLayer = found
    if targetLayer is None:
        yield f"{name} belongs to no layer"
    elif RANK.get(targetLayer, TOP) > rank:
        yield f"an include points up: {layer} includes {name} of {targetLayer}"
    elif targetVisibility == "private" and layer in ON_PUBLIC_HEADERS and targetLayer in ENGINE:
        yield f"{layer} includes the private {name}; of the engine it has the public headers"
    elif targetVisibility == "private" and visibility == "public":
        yield f"a public header includes the private {name}"
    elif targetVisibility == "private" and path.parts[0] == "samples":
        yield f"a sample includes the private {name}"


def checkSource(root, path, text):
    place = layerOf(path)
    if place is None:
        return
    visibility, layer = place
    if layer is None:
        yield 1, f"belongs to no layer (known: {', '.join(LAYERS)})"
        return
    lines = text.count("\n") + (not text.endswith("\n"))
    if visibility != "top" and lines > MAX_LINES:
        yield lines, f"{lines} lines, at most {MAX_LINES} are allowed"
    if not SOURCE_NAME.match(path.name):
        yield 1, "source files are named in snake_case, .hpp or .cpp"
    if path.suffix == ".hpp" and "#pragma once" not in text:
        yield 1, "no #pragma once"
    code = withoutComments(text)
    for match in INCLUDE.finditer(code):
        for problem in checkInclude(root, path, match.group(1), match.group(2), place):
            yield lineOf(code, match.start()), problem
    if path.parts[:2] in WITHOUT_TRANSPORT_NAMES:
        for match in TRANSPORT_NAME.finditer(code):
            yield lineOf(code, match.start()), f"{match.group(0)} names a transport in the layer {layer}"
    if layer in SANS_IO:
        for match in CLOCK_READ.finditer(code):
            yield lineOf(code, match.start()), f"a clock is read in the sans-io layer {layer}"


def checkFile(root, path):
    data = (root / path).read_bytes()
    if b"\0" in data[:4096]:
        return
    text = data.decode("utf-8", errors="replace")
    for match in LOCAL_PATHS.finditer(text):
        yield lineOf(text, match.start()), f"a path of one machine: {match.group(0)}"
    if path.suffix in SOURCE_SUFFIXES:
        yield from checkSource(root, path, text)


def gitFiles(root):
    """Tracked and new files, or None where there is no git or no repository."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    listed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return None if listed.returncode != 0 else {name for name in listed.stdout.decode().split("\0") if name}


def repositoryFiles(root):
    names = gitFiles(root)
    if names is None:
        found = (entry.relative_to(root) for entry in root.rglob("*"))
        names = {str(path) for path in found if path.parts[0] not in ("build", ".git", ".cache")}
    return sorted(pathlib.PurePosixPath(name) for name in names if (root / name).is_file())


def checkStatuses(root):
    """Statuses that the page about the wire does not know, as 'path:1: text'."""
    if not (root / STATUS_TABLE).is_file():
        return
    text = " ".join((root / STATUS_PAGE).read_text().split())
    for number, name in STATUS_ROW.findall((root / STATUS_TABLE).read_text()):
        if not re.search(rf"(?<!\w){number} {name}(?!\w)", text):
            yield f"{STATUS_PAGE}:1: a status is missing: {number} {name}"


def check(root):
    """All violations of a tree, as 'path:line: text'."""
    root = pathlib.Path(root).resolve()
    inFiles = [f"{path}:{line}: {problem}" for path in repositoryFiles(root) for line, problem in checkFile(root, path)]
    return [*inFiles, *checkStatuses(root)]


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    problems = check(root)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} violation(s) of the house rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
