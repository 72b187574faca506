#include "base/escape.hpp"

#include <gtest/gtest.h>

namespace tempeh::base {
namespace {

TEST(Escape, LeavesTextAloneThatHasNoControlCharacters) {
    EXPECT_FALSE(hasControl("plain \xc3\xa4 text"));
    EXPECT_EQ(escaped("plain \xc3\xa4 text"), "plain \xc3\xa4 text");
    EXPECT_EQ(escaped(""), "");
}

TEST(Escape, ShowsControlCharactersAsNumbers) {
    EXPECT_TRUE(hasControl("a\nb"));
    EXPECT_EQ(escaped(std::string_view("a\r\nb\x7f\0\x1b[2J", 10)), "a\\x0d\\x0ab\\x7f\\x00\\x1b[2J");
}

}  // namespace
}  // namespace tempeh::base
