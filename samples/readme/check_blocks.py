#!/usr/bin/env python3
"""Checks that the C++ on the pages is code that is compiled and run, that every sample is on the samples' page, and every
status and every option on its own.

Every C++ block of README.md, docs/ and samples/ has to be, word for word, part of a source in samples/. Lines may be
indented less in the text; blank lines at a block's edges do not count. A comment before a block says where it is from,

    <!-- samples/patterns/progress.cpp bake, order -->

the definitions named, or the whole file when none are (what a sample prints, its .out, in a block of text likewise);
check_blocks.py --write then puts the code there, and without
--write it has to be there. Exit status 1 with a line for each block that is not as it should be.
"""

import argparse
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^(?:<!-- +(?P<path>samples/\S+)(?: +(?P<names>[^>]*?))? *-->\n)?```(?P<language>cpp|text|proto)\n(?P<code>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


def isPart(block, source):
    """Whether the lines of the block stand in the source, at one common indentation."""
    wanted = block.strip("\n").split("\n")
    lines = source.split("\n")
    for start in range(len(lines) - len(wanted) + 1):
        part = textwrap.dedent("\n".join(lines[start:start + len(wanted)]))
        if part.split("\n") == wanted:
            return True
    return False


def definition(source, name):
    """The function or class of that name at the left margin, with the comment before it; None when there is none."""
    lines = source.split("\n")
    pattern = re.compile(rf"^(?:(?:class|struct|enum) {re.escape(name)}\b|\w[^;]*[\s:*&]{re.escape(name)}\()")
    for start, line in enumerate(lines):
        if not pattern.match(line):
            continue
        end = next((i for i in range(start, len(lines)) if re.match(r"^\};?$", lines[i])), None)
        if end is None:
            return None
        while start > 0 and lines[start - 1].startswith("//"):
            start -= 1
        return "\n".join(lines[start:end + 1])
    return None


def extract(root, path, names):
    """The code that a comment before a block asks for. Raises ValueError."""
    file = root / path
    if not file.is_file():
        raise ValueError(f"there is no {path}")
    source = file.read_text()
    if not names:
        return source.strip("\n") + "\n"
    parts = []
    for name in re.split(r"[,\s]+", names.strip()):
        part = definition(source, name)
        if part is None:
            raise ValueError(f"{path} defines no {name}")
        parts.append(part)
    return "\n\n".join(parts) + "\n"


def written(root, text):
    """The page with the code of every block that says where it is from."""
    def block(match):
        if not match["path"]:
            return match[0]
        code = extract(root, match["path"], match["names"])
        return match[0][:match.start("code") - match.start()] + code + "```"
    return BLOCK.sub(block, text)


def problemsOf(root, text, sources):
    """(number of blocks, [(line, problem)])"""
    count, problems = 0, []
    for match in BLOCK.finditer(text):
        if match["language"] != "cpp" and not match["path"]:
            continue
        count += 1
        problem = None
        if match["path"]:
            try:
                if extract(root, match["path"], match["names"]) != match["code"]:
                    problem = f"the block is not what {match['path']} has (check_blocks.py --write mends it)"
            except ValueError as error:
                problem = str(error)
        elif not any(isPart(textwrap.dedent(match["code"]), source) for source in sources):
            problem = "the block is not part of a source in samples/"
        if problem:
            problems.append((text.count("\n", 0, match.start()) + 1, problem))
    return count, problems


def missingSamples(root):
    """Samples that samples/README.md does not name."""
    page = root / "samples" / "README.md"
    text = page.read_text() if page.is_file() else ""
    samples = [path.relative_to(page.parent) for path in sorted((root / "samples" / "patterns").glob("*.cpp"))]
    folders = [path for path in sorted((root / "samples").iterdir()) if any(path.glob("main.cpp"))]
    samples += [path.relative_to(page.parent) for path in folders]
    return [str(path) for path in samples if f"]({path})" not in text]


def badHeads(root):
    """Patterns that do not begin with their three lines."""
    head = re.compile(r"^// Shows: .+\n// Use it when: .+\n// Prints: .+\n\n")
    return [path.relative_to(root) for path in sorted((root / "samples" / "patterns").glob("*.cpp"))
            if not head.match(path.read_text())]


# A page, a header, and the names in the header that the page has to have in the first column of a table.
TABLES = [("docs/concepts/errors.md", "include/tempeh/message/detail/status_table.hpp", r"^    ROW\(\d+, (\w+),"),
          ("docs/concepts/options.md", "include/tempeh/core/options.hpp", r"^    [\w:<>]+(?:::\w+)* (\w+) = ")]


def incompleteTables(root):
    """Names that are missing from the table that promises to have them all, or are in it and nowhere else."""
    lines = []
    for page, header, pattern in TABLES:
        if not (root / page).is_file():
            continue
        wanted = set(re.findall(pattern, (root / header).read_text(), re.MULTILINE))
        table = re.search(r"^\|.*(?:what to do|default).*\n\|[-|]+\n((?:\|.*\n)+)", (root / page).read_text(), re.MULTILINE)
        rows = table[1].split("\n") if table else []
        found = [name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])]
        lines += [f"{page}: {name} is not in the table, or not once" for name in sorted(wanted) if found.count(name) != 1]
        lines += [f"{page}: {name} is in the table, and not in {header}" for name in sorted(set(found) - wanted)]
        lines += [f"{page}: {header} has no names to look for"] if not wanted else []
    return lines


def pagesOf(root):
    return [root / "README.md", *sorted((root / "docs").rglob("*.md")), *sorted((root / "samples").rglob("*.md"))]


def check(root):
    """All that is wrong, as lines of text, and how many blocks there are."""
    sources = [path.read_text() for path in sorted((root / "samples").rglob("*.[ch]pp"))]
    count, lines = 0, [f"samples/README.md: {path} is missing" for path in missingSamples(root)]
    lines += [f"{path}:1: does not begin with Shows, Use it when, Prints: a line each" for path in badHeads(root)]
    lines += incompleteTables(root)
    for page in pagesOf(root):
        if not page.is_file():
            continue
        blocks, problems = problemsOf(root, page.read_text(), sources)
        count += blocks
        lines += [f"{page.relative_to(root)}:{line}: {problem}" for line, problem in problems]
    return count, lines


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the code where a comment asks for it")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    options = parser.parse_args(arguments)
    if options.write:
        for page in filter(pathlib.Path.is_file, pagesOf(options.root)):
            text = page.read_text()
            new = written(options.root, text)
            if new != text:
                page.write_text(new)
                print(f"{page.relative_to(options.root)}: written")
    count, lines = check(options.root)
    print("\n".join([*lines, f"{count} blocks, {len(lines)} problem(s)"]))
    return 1 if lines or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
