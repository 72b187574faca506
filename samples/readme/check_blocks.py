#!/usr/bin/env python3
"""Checks that every C++ block of README.md and docs/*.md is, word for word, part of a source file in this folder.

Lines may be indented less in the text; blank lines at a block's edges do not count. Exit status 1 with a line for each
block that is not.
"""

import pathlib
import re
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def isPart(block, source):
    """Whether the lines of the block stand in the source, at one common indentation."""
    wanted = block.strip("\n").split("\n")
    lines = source.split("\n")
    for start in range(len(lines) - len(wanted) + 1):
        part = textwrap.dedent("\n".join(lines[start:start + len(wanted)]))
        if part.split("\n") == wanted:
            return True
    return False


def main():
    sources = {path.name: path.read_text() for path in sorted(HERE.glob("*.cpp"))}
    count, bad = 0, 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            count += 1
            if not any(isPart(textwrap.dedent(match.group(1)), source) for source in sources.values()):
                bad += 1
                line = text.count("\n", 0, match.start()) + 1
                print(f"{page.relative_to(ROOT)}:{line}: the block is not part of samples/readme/*.cpp")
    print(f"{count} blocks, {bad} of them stand in no source")
    return 1 if bad or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
