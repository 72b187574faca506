#!/usr/bin/env python3
"""Reports phrases in the pages that do not read as plain English; prose.txt beside this file lists them.

Usage: check_prose.py [PAGE...]. Without pages: README.md, CONTRIBUTING.md, SECURITY.md and docs/. Code is not read.
Prints a line for each phrase; exit status 1 when there is any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIST = pathlib.Path(__file__).with_name("prose.txt")
CODE = re.compile(r"^```.*?^```|^    .*?$|<!--.*?-->|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def phrases(text):
    """[(compiled expression, advice)] of a list. Raises ValueError."""
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, tab, advice = line.partition("\t")
        if not tab:
            raise ValueError(f"no tab: {line}")
        found.append((re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), advice))
    return found


def prose(text):
    """The text with code blanked; lines keep their numbers."""
    return CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)


def problems(text, wanted):
    """[(line, phrase, advice)]"""
    text = prose(text)
    found = [(text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), advice)
             for pattern, advice in wanted for match in pattern.finditer(text)]
    return sorted(found)


def main(arguments):
    wanted = phrases(LIST.read_text())
    pages = [pathlib.Path(name) for name in arguments] or [
        ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
    count = 0
    for page in pages:
        for line, phrase, advice in problems(page.read_text(), wanted):
            print(f"{page}:{line}: '{phrase}': {advice}")
            count += 1
    print(f"{len(pages)} pages, {count} phrase(s) to rewrite")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
