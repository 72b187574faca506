#!/usr/bin/env python3
"""Tests scripts/lib/site/doxygen_filter.py: every declaration has words, and every line stays where it was."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib" / "site"))
from doxygen_filter import filtered  # noqa: E402

HEADER = """#pragma once

/// A thing.
class Thing {
public:
    /// Waits
    /// long.
    void wait();
    template <class Token>
    void wait(Token&& token) {
        token();
    }

    int plain() const;
    int first = 0;   ///< One.
    /// Two.
    int second = 0;
private:
    int hidden_;
};

template <>
struct fmt::formatter<Thing> : Base<Thing> {};
"""


class DoxygenFilter(unittest.TestCase):
    def setUp(self):
        self.lines = HEADER.split("\n")
        self.out = list(filtered(self.lines))

    def at(self, text):
        return self.out[next(i for i, line in enumerate(self.lines) if text in line)]

    def test_a_comment_stands_for_all_declarations_up_to_the_next_blank_line(self):
        self.assertEqual(self.at("void wait();"), "    void wait();")
        self.assertEqual(self.at("template <class Token>"), "/** Waits long. */     template <class Token>")
        self.assertEqual(self.at("wait(Token&&"), "    void wait(Token&& token) {")
        self.assertEqual(self.at("int plain"), "    int plain() const;")

    def test_what_has_words_of_its_own_keeps_them(self):
        self.assertEqual(self.at("int first"), "    int first = 0;   ///< One.")
        self.assertEqual(self.at("int second"), "    int second = 0;")

    def test_a_class_does_not_hand_its_words_down(self):
        self.assertEqual(self.at("class Thing {"), "class Thing {")
        self.assertEqual(self.at("int hidden_"), "    int hidden_;")

    def test_statuses_come_from_their_table(self):
        line = list(filtered(["enum class Status {", "    TEMPEH_STATUSES(TEMPEH_STATUS)", "};"]))[1]
        self.assertIn("PoolEmpty = 19, /**< All messages of the pool are in use and reading stopped; ", line)
        self.assertEqual(line.count("/**<"), line.count(" = "))

    def test_lines_stay_where_they_are(self):
        self.assertEqual(len(self.out), len(self.lines))
        self.assertEqual(self.out[1], "/** @file */")

    def test_specialisations_of_foreign_templates_are_left_out(self):
        self.assertNotIn("formatter", "\n".join(self.out))


if __name__ == "__main__":
    unittest.main()
