#include "support/allocation_counter.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/text_headers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tempeh {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using namespace std::string_literals;

Pairs pairsOf(const TextHeaders& headers) {
    Pairs pairs;
    for (const TextHeader& header : headers)
        pairs.emplace_back(header.name, header.value);
    return pairs;
}

/// As the decoder does it; the result of normalise().
bool load(TextHeaders& headers, std::string_view block) {
    headers.clear();
    if (!block.empty())
        std::memcpy(detail::TextBlock::prepare(headers, block.size()).data(), block.data(), block.size());
    detail::TextBlock::commit(headers, block.size());
    return detail::TextBlock::normalise(headers);
}

TEST(TextHeaders, AppendKeepsTheWireForm) {
    TextHeaders headers;
    EXPECT_TRUE(headers.empty());
    EXPECT_EQ(detail::TextBlock::heapBytes(headers), 0U);
    headers.append("PDL", "PS");
    headers.append("Job-ID", "12345");
    EXPECT_EQ(headers.view(), "PDL:PS\r\nJob-ID:12345\r\n");
    EXPECT_EQ(headers.sizeBytes(), 22U);
    EXPECT_EQ(pairsOf(headers), (Pairs{{"PDL", "PS"}, {"Job-ID", "12345"}}));
}

TEST(TextHeaders, OrderIsKeptAndNamesMayRepeat) {
    TextHeaders headers;
    headers.append("b", "1");
    headers.append("a", "2");
    headers.append("b", "3");
    EXPECT_EQ(pairsOf(headers), (Pairs{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
    EXPECT_EQ(headers.find("b"), "1");
}

TEST(TextHeaders, FindIsExact) {
    TextHeaders headers;
    headers.append("name", "value");
    EXPECT_EQ(headers.find("name"), "value");
    EXPECT_EQ(headers.find("Name"), std::nullopt);
    EXPECT_EQ(headers.find("nam"), std::nullopt);
    EXPECT_EQ(headers.find("name "), std::nullopt);
    EXPECT_EQ(headers.find(""), std::nullopt);
}

TEST(TextHeaders, ValuesAreTrimmedColonsAndInnerBlanksStay) {
    TextHeaders headers;
    headers.append("a", " \t x \t y\t ");
    headers.append("b", "tcp|[::1]|7099");
    headers.append("c", "");
    headers.append("d", " \t ");
    EXPECT_EQ(headers.view(), "a:x \t y\r\nb:tcp|[::1]|7099\r\nc:\r\nd:\r\n");
    EXPECT_EQ(headers.find("a"), "x \t y");
    EXPECT_EQ(headers.find("b"), "tcp|[::1]|7099");
    EXPECT_EQ(headers.find("c"), "");
}

TEST(TextHeaders, ReadValuesAreTrimmed) {
    TextHeaders headers;
    ASSERT_TRUE(load(headers, "a: \tx\t \r\nb:\t\r\n"));
    EXPECT_EQ(headers.find("a"), "x");
    EXPECT_EQ(headers.find("b"), "");
}

TEST(TextHeaders, RefusesWhatCannotBeCarried) {
    const Pairs bad{{"", "v"},     {":", "v"},    {"a:b", "v"},    {" a", "v"},    {"a ", "v"},
                    {"a\t", "v"},  {"a\r", "v"},  {"a\nb", "v"},   {"a\0b"s, "v"}, {"a\x7f", "v"},
                    {"a", "x\ry"}, {"a", "x\ny"}, {"a", "x\r\ny"}, {"a", "x\0y"s}, {"a", "x\r"},
                    {"a", "\n"},   {" ", "v"}};
    for (const auto& [name, value] : bad) {
        SCOPED_TRACE(testing::PrintToString(std::pair(name, value)));
        TextHeaders headers;
        headers.append("old", "one");
        error_code ec;
        headers.append(name, value, ec);
        EXPECT_EQ(ec, Status::InvalidMessage);
        headers.set(name, value, ec);
        EXPECT_EQ(ec, Status::InvalidMessage);
        EXPECT_THROW(headers.append(name, value), Error);
        EXPECT_THROW(headers.set(name, value), Error);
        EXPECT_EQ(headers.view(), "old:one\r\n") << "a failure changes nothing";
    }
}

TEST(TextHeaders, SuccessClearsTheError) {
    TextHeaders headers;
    error_code ec = Status::InvalidMessage;
    headers.append("a", "b", ec);
    EXPECT_FALSE(ec);
    ec = Status::InvalidMessage;
    headers.set("a", "c", ec);
    EXPECT_FALSE(ec);
}

TEST(TextHeaders, TheErrorShowsTheValue) {
    TextHeaders headers;
    try {
        headers.append("name", "va\nlue");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::InvalidMessage);
        EXPECT_THAT(error.what(), testing::HasSubstr("name:va?lue"));
    }
}

TEST(TextHeaders, SetReplacesInPlace) {
    TextHeaders headers;
    headers.append("a", "1");
    headers.append("b", "2");
    headers.append("c", "3");
    headers.set("b", "a much longer value than before");
    EXPECT_EQ(pairsOf(headers), (Pairs{{"a", "1"}, {"b", "a much longer value than before"}, {"c", "3"}}));
    headers.set("a", "");
    headers.set("d", "4");
    EXPECT_EQ(headers.view(), "a:\r\nb:a much longer value than before\r\nc:3\r\nd:4\r\n");
}

TEST(TextHeaders, SetLeavesOneOfTheName) {
    TextHeaders headers;
    for (const char* name : {"x", "a", "x", "b", "x"})
        headers.append(name, "old");
    headers.set("x", "new");
    EXPECT_EQ(pairsOf(headers), (Pairs{{"x", "new"}, {"a", "old"}, {"b", "old"}}));
}

TEST(TextHeaders, RemoveTakesEveryOneOfTheName) {
    TextHeaders headers;
    for (const char* name : {"x", "a", "x", "xx", "x"})
        headers.append(name, "v");
    EXPECT_EQ(headers.remove("y"), 0U);
    EXPECT_EQ(headers.remove("x"), 3U);
    EXPECT_EQ(headers.view(), "a:v\r\nxx:v\r\n");
    EXPECT_EQ(headers.remove("x"), 0U);
    EXPECT_EQ(headers.remove("a"), 1U);
    EXPECT_EQ(headers.remove("xx"), 1U);
    EXPECT_TRUE(headers.empty());
}

TEST(TextHeaders, ArgumentsMayBeViewsIntoThemselves) {
    TextHeaders headers;
    headers.append("name", "value");
    for (int i = 0; i != 100; ++i)
        headers.append(headers.begin()->name, headers.begin()->value);
    EXPECT_EQ(pairsOf(headers), Pairs(101, {"name", "value"}));
    headers.append("other", "2");
    headers.set(headers.begin()->name, *headers.find("other"));
    EXPECT_EQ(pairsOf(headers), (Pairs{{"name", "2"}, {"other", "2"}}));
    EXPECT_EQ(headers.remove(headers.begin()->name), 1U);
    EXPECT_EQ(pairsOf(headers), (Pairs{{"other", "2"}}));
}

TEST(TextHeaders, IteratesForward) {
    static_assert(std::forward_iterator<TextHeaders::Iterator>);
    TextHeaders headers;
    EXPECT_EQ(headers.begin(), headers.end());
    headers.append("a", "1");
    headers.append("b", "2");
    auto it = headers.begin();
    const auto first = it++;
    EXPECT_EQ((*first), (TextHeader{"a", "1"}));
    EXPECT_EQ(it->name, "b");
    EXPECT_EQ(std::distance(headers.begin(), headers.end()), 2);
    EXPECT_EQ(++it, headers.end());
}

TEST(TextHeaders, EmptyLinesAreSkipped) {
    TextHeaders headers;
    ASSERT_TRUE(load(headers, "\r\n\r\na:1\r\n\r\nb:2\r\n\r\n\r\n"));
    EXPECT_EQ(pairsOf(headers), (Pairs{{"a", "1"}, {"b", "2"}}));
    headers.set("a", "3");
    EXPECT_EQ(headers.find("a"), "3");
    EXPECT_EQ(headers.find("b"), "2");
    ASSERT_TRUE(load(headers, "\r\na:1\r\n\r\nb:2\r\n"));
    EXPECT_EQ(headers.remove("none"), 0U);
    EXPECT_EQ(pairsOf(headers), (Pairs{{"a", "1"}, {"b", "2"}}));
    ASSERT_TRUE(load(headers, "\r\n"));
    EXPECT_EQ(headers.begin(), headers.end());
}

TEST(TextHeaders, AMissingLastLineEndIsAdded) {
    TextHeaders headers;
    ASSERT_TRUE(load(headers, "a:1\r\nb:2"));
    EXPECT_EQ(headers.view(), "a:1\r\nb:2\r\n");
    ASSERT_TRUE(load(headers, "a:"));
    EXPECT_EQ(headers.view(), "a:\r\n");
    ASSERT_TRUE(load(headers, "a:1\r\n"));
    EXPECT_EQ(headers.view(), "a:1\r\n");
    ASSERT_TRUE(load(headers, ""));
    EXPECT_EQ(headers.view(), "");
}

TEST(TextHeaders, MalformedBlocks) {
    const std::vector<std::string> bad{
        "a",           "a\r\n",  "a:1\r\nb\r\n", ":1\r\n",       "a:1\r\n:2\r\n", ":",         "a:1\r",
        "a:1\n",       "a:1\rb", "a:1\r\r\n",    "a:1\nb:2\r\n", "a\nb:1\r\n",    "a:\0\r\n"s, "\0:1\r\n"s,
        "a\x01:1\r\n", "\r",     "\n",           "a:1\r\n\r",    "a\r\n:1\r\n",   "\r\n\n",    "a\tb:1\r\n"};
    for (const std::string& block : bad) {
        TextHeaders headers;
        EXPECT_FALSE(load(headers, block)) << testing::PrintToString(block);
    }
}

TEST(TextHeaders, WellFormedBlocks) {
    for (const std::string block :
         {"a:1\r\n", "a b:c\r\n", "a:\x01\r\n", "a::\r\n", "\xc3\xa9:\xc3\xa8\r\n"}) {
        TextHeaders headers;
        EXPECT_TRUE(load(headers, block)) << testing::PrintToString(block);
    }
}

TEST(TextHeaders, WhatAppendTakesNormaliseAccepts) {
    std::mt19937 random(99);
    const auto text = [&](std::size_t longest) {
        std::string made(random() % longest, ' ');
        std::generate(made.begin(), made.end(), [&] { return static_cast<char>(random() % 256); });
        return made;
    };
    int taken = 0;
    for (int round = 0; round != 50000; ++round) {
        TextHeaders headers;
        error_code ec;
        const std::string name = text(6);
        const std::string value = text(12);
        headers.append(name, value, ec);
        if (ec) continue;
        ++taken;
        TextHeaders read;
        ASSERT_TRUE(load(read, headers.view()));
        ASSERT_EQ(read.view(), headers.view());
        ASSERT_EQ(std::distance(read.begin(), read.end()), 1);
        ASSERT_EQ(read.begin()->name, name);
    }
    EXPECT_GT(taken, 1000);
}

TEST(TextHeaders, AnyBlockIsIteratedSafely) {
    std::mt19937 random(5);
    constexpr std::string_view alphabet = "ab:\r\n \t";
    for (int round = 0; round != 50000; ++round) {
        std::string block(random() % 24, ' ');
        std::generate(block.begin(), block.end(), [&] { return alphabet[random() % alphabet.size()]; });
        TextHeaders headers;
        const bool good = load(headers, block);
        for (const TextHeader& header : headers) {
            ASSERT_TRUE(!good || !header.name.empty());
            ASSERT_LE(header.name.size() + header.value.size(), block.size());
        }
    }
}

TEST(TextHeaders, ReuseAllocatesNothing) {
    TextHeaders headers;
    headers.append("name", std::string(1000, 'v'));
    const std::string value(900, 'w');
    const std::uint64_t before = test::allocationCount();
    for (int round = 0; round != 100; ++round) {
        headers.clear();
        headers.append("a", value);
        headers.set("a", "1");
        headers.set("b", "2");
        headers.remove("a");
        ASSERT_EQ(headers.find("b"), "2");
    }
    EXPECT_EQ(test::allocationCount(), before);
    EXPECT_GT(detail::TextBlock::heapBytes(headers), 0U);
    detail::TextBlock::releaseHeap(headers);
    EXPECT_EQ(detail::TextBlock::heapBytes(headers), 0U);
    EXPECT_TRUE(headers.empty());
}

TEST(TextHeaders, AMalformedBlockLeavesThemMalformedUntilCleared) {
    TextHeaders headers;
    EXPECT_FALSE(detail::TextBlock::isMalformed(headers));
    headers.append("name", "value");
    std::memcpy(detail::TextBlock::prepare(headers, 4).data(), "oops", 4);
    detail::TextBlock::commit(headers, 4);
    EXPECT_TRUE(detail::TextBlock::isMalformed(headers));
    EXPECT_EQ(headers.find("name"), std::nullopt);
    error_code ec;
    headers.append("other", "value", ec);
    EXPECT_EQ(ec, Status::InvalidMessage);
    headers.set("name", "value", ec);
    EXPECT_EQ(ec, Status::InvalidMessage);
    EXPECT_TRUE(detail::TextBlock::isMalformed(headers));
    headers.clear();
    EXPECT_FALSE(detail::TextBlock::isMalformed(headers));
    headers.append("name", "value");
    EXPECT_EQ(headers.view(), "name:value\r\n");
}

}  // namespace
}  // namespace tempeh
