#!/usr/bin/env python3
"""Tests check_blocks.py on a small tree of its own."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_blocks  # noqa: E402

SAMPLE = """// Shows: one.
// Use it when: two.
// Prints: three.

#include <a>

class Thing {
    int a;
};

// Adds.
int add(int a, int b) {
    if (a > b) {
        return add(b, a);
    }
    return a + b;
}

int main() {
    return add(1, 2);
}
"""
ADD = SAMPLE[SAMPLE.index("// Adds."):SAMPLE.index("\nint main")]


class CheckBlocks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.put("samples/patterns/one.cpp", SAMPLE)
        self.put("samples/README.md", "see [one](patterns/one.cpp)\n")

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def problems(self, page):
        self.put("README.md", page)
        return check_blocks.check(self.root)[1]

    def test_a_part_of_a_source_may_be_indented_less(self):
        self.assertEqual(self.problems("```cpp\nif (a > b) {\n    return add(b, a);\n}\n```\n"), [])

    def test_other_code_is_found(self):
        self.assertEqual(len(self.problems("```cpp\nreturn add(b, b);\n```\n")), 1)

    def test_a_definition_is_extracted_with_its_comment(self):
        page = "<!-- samples/patterns/one.cpp add -->\n```cpp\n{}```\n"
        self.assertEqual(self.problems(page.format(ADD)), [])
        self.assertEqual(len(self.problems(page.format("int add();\n"))), 1)
        self.assertEqual(check_blocks.written(self.root, page.format("")), page.format(ADD))

    def test_several_definitions_and_whole_files(self):
        two = check_blocks.extract(self.root, "samples/patterns/one.cpp", "Thing, main")
        self.assertEqual(two, "class Thing {\n    int a;\n};\n\nint main() {\n    return add(1, 2);\n}\n")
        self.assertEqual(check_blocks.extract(self.root, "samples/patterns/one.cpp", None), SAMPLE)

    def test_what_is_not_there_is_a_problem(self):
        for place in ("samples/patterns/one.cpp subtract", "samples/patterns/two.cpp add"):
            self.assertEqual(len(self.problems(f"<!-- {place} -->\n```cpp\n```\n")), 1, place)

    def test_a_sample_has_to_be_on_the_page_and_begin_with_its_three_lines(self):
        self.put("samples/patterns/two.cpp", "int main() {}\n")
        self.assertEqual(len(self.problems("")), 2)

    def test_what_a_sample_prints_is_compared(self):
        self.put("samples/patterns/one.out", "3\n")
        self.assertEqual(self.problems("<!-- samples/patterns/one.out -->\n```text\n3\n```\n\n```cpp\nint main() {\n```\n"), [])
        self.assertEqual(len(self.problems("<!-- samples/patterns/one.out -->\n```text\n4\n```\n")), 1)
        self.assertEqual(self.problems("```text\nof nobody\n```\n\n```cpp\nint main() {\n```\n"), [])

    def test_a_table_has_every_name_once(self):
        self.put("include/tempeh/message/detail/status_table.hpp", "    ROW(0, One, Wire, \\\n    ROW(64, Two, Local, \\\n")
        self.put("docs/concepts/errors.md", "| status | what to do |\n|---|---|\n| `One`, `Three` | run |\n")
        self.assertEqual([line.split(": ")[1].split(",")[0] for line in check_blocks.incompleteTables(self.root)],
                         ["Two is not in the table", "Three is in the table"])


if __name__ == "__main__":
    unittest.main()
