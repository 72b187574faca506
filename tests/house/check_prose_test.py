#!/usr/bin/env python3
"""What scripts/lib/site/check_prose.py finds in a page, and what it leaves alone."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib" / "site"))
import check_prose

WANTED = check_prose.phrases("# a comment\n\nfor ever\t\"forever\"\n\\bmend(s|ed)?\\b\t\"fix\"\n")


class Phrases(unittest.TestCase):
    def test_are_found_with_their_line_also_across_line_breaks(self):
        found = check_prose.problems("One.\nIt waits for\never, and is Mended.\n", WANTED)
        self.assertEqual(found, [(2, "for ever", '"forever"'), (3, "Mended", '"fix"')])

    def test_are_not_looked_for_in_code(self):
        text = "`mend()`\n\n    mend\n\n```cpp\nmend();\n```\n<!-- mend -->\n[a link](mend.md)\n"
        self.assertEqual(check_prose.problems(text, WANTED), [])

    def test_need_an_advice(self):
        with self.assertRaises(ValueError):
            check_prose.phrases("for ever\n")

    def test_of_the_projects_list_are_well_formed(self):
        self.assertGreater(len(check_prose.phrases(check_prose.LIST.read_text())), 10)


if __name__ == "__main__":
    unittest.main()
