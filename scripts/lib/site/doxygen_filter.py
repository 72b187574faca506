#!/usr/bin/env python3
"""Doxygen reads public headers through this: doxygen_filter.py FILE.

The headers' rule is that a comment stands for all declarations from it to the next blank line, comment or access specifier: a
call and its error_code form share one. Doxygen wants words for each, so the comment is put before those that follow, on
their own lines (line numbers stay); and it wants every file to say that it is one. Specialisations of other libraries' templates are left out.
The enumerators of Status come from a table.
"""

import pathlib
import re
import sys

SCOPE = re.compile(r"^(?:template\b.*>\s*)?(?:class|struct|enum|namespace|union|extern)\b[^;]*\{$")
FOREIGN = re.compile(r"^struct (?:fmt|boost|std)::")
SEPARATOR = re.compile(r"^(?:#|//(?!/)|(?:public|protected|private):|\}|$)")
TEXT = re.compile(r'"(?:\\.|[^"\\])*"|//.*$')


STATUSES = "    TEMPEH_STATUSES(TEMPEH_STATUS)"
STATUS_TABLE = pathlib.Path(__file__).resolve().parents[3] / "include" / "tempeh" / "message" / "detail" / "status_table.hpp"
QUOTED = re.compile(r'"([^"]*)"')
STATUS_ROW = re.compile(r'ROW\((\d+), (\w+), \w+,((?:\s*"[^"]*")+)\)')


def statuses():
    """The enumerators that the table stands for, in one line."""
    rows = STATUS_ROW.findall(STATUS_TABLE.read_text(encoding="utf-8").replace("\\\n", "\n"))
    return " ".join(f"{name} = {number}, /**< {''.join(QUOTED.findall(text))}. */" for number, name, text in rows)


def filtered(lines):
    """The lines as Doxygen is to see them, one for each."""
    words, count, depth = [], 0, 0  # the comment; declarations since; open brackets of the one under way
    isInside, hasWords = False, False
    isListed = False  # a file is, when a comment says that it is one
    for line in lines:
        if line.startswith("#define TEMPEH_STATUS("):
            line = ""
        elif line == STATUSES:
            line = statuses()
        bare = line.strip()
        if not bare and not isListed:
            isListed = True
            yield "/** @file */"
            continue
        if FOREIGN.match(bare) or bare == "template <>":
            yield ""
            continue
        if not isInside and bare.startswith("///") and not bare.startswith("///<"):
            if count or not hasWords:
                words, count = [], 0
            words.append(bare[3:].strip())
            hasWords = True
            yield line
            continue
        if (not isInside or depth == 0) and (SEPARATOR.match(bare) or SCOPE.match(bare)):
            words, count, hasWords, isInside = [], 0, False, False
            yield line
            continue
        if not isInside and words and count and "///<" not in line:
            yield "/** " + " ".join(words) + " */ " + line
        else:
            yield line
        code = TEXT.sub("", bare).strip()
        depth += sum(code.count(mark) for mark in "({[") - sum(code.count(mark) for mark in ")}]")
        isInside = depth > 0 or not code.endswith((";", "}", ","))
        if not isInside:
            count += 1


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(filtered(file.read().split("\n"))))
