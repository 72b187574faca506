#!/usr/bin/env python3
"""Takes the commands and the CMake lines of the README's section "Use it" from its own text.

Usage: readme_snippets.py README OUTPUT. Writes OUTPUT/<name>.<sh|cmake> for each block of the section, as it stands there
(a comment before it has the name: <!-- package: name -->), and OUTPUT/main.cpp, the first program of the page. Exit
status 1 when a block has no name, or when one that is run somewhere is missing.
"""

import pathlib
import re
import sys

WANTED = {"needs.sh", "install.sh", "find_package.cmake", "fetch_content.cmake", "conan.sh", "vcpkg.sh", "deb.sh"}
BLOCK = re.compile(r"^(?:<!-- package: (?P<name>\w+) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    text = pathlib.Path(sys.argv[1]).read_text()
    output = pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)

    program = next(block["code"] for block in BLOCK.finditer(text) if block["language"] == "cpp")
    (output / "main.cpp").write_text(program)

    section = re.search(r"^## Use it\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    if not section:
        sys.exit("readme_snippets: the README has no section \"Use it\"")
    found = set()
    for block in BLOCK.finditer(section[1]):
        if not block["name"]:
            sys.exit("readme_snippets: a block without <!-- package: name --> before it:\n" + block["code"])
        name = f"{block['name']}.{block['language']}"
        (output / name).write_text(block["code"])
        found.add(name)
    if found != WANTED:
        sys.exit(f"readme_snippets: missing {sorted(WANTED - found)}, and run nowhere {sorted(found - WANTED)}")


main()
