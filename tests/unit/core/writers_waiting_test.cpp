#include "core/channel/writers_waiting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace tempeh::core {
namespace {

using namespace std::chrono_literals;

struct Writer final : detail::Waiter {
    explicit Writer(TimePoint when = TimePoint::max()) { deadline = when; }
    void resume(bool) noexcept override {}
};

constexpr TimePoint at(std::chrono::seconds when) {
    return TimePoint() + when;
}

TEST(WritersWaiting, ComeOutInTheOrderOfTheirArrival) {
    std::array<Writer, 3> writers{Writer(at(3s)), Writer(), Writer(at(1s))};
    WritersWaiting waiting;
    EXPECT_TRUE(waiting.empty());
    for (Writer& writer : writers)
        waiting.add(writer);
    for (Writer& writer : writers) {
        ASSERT_EQ(&waiting.front(), &writer);
        waiting.remove(writer);
    }
    EXPECT_TRUE(waiting.empty());
    EXPECT_EQ(waiting.nextDeadline(), TimePoint::max());
}

TEST(WritersWaiting, AndInTheOrderOfTheirDeadlines) {
    std::array<Writer, 4> writers{Writer(at(3s)), Writer(), Writer(at(1s)), Writer(at(2s))};
    WritersWaiting waiting;
    for (Writer& writer : writers)
        waiting.add(writer);
    for (const std::size_t next : {2U, 3U, 0U}) {
        EXPECT_EQ(waiting.nextDeadline(), writers[next].deadline);
        ASSERT_EQ(&waiting.nextToExpire(), &writers[next]);
        waiting.remove(writers[next]);
    }
    EXPECT_EQ(waiting.nextDeadline(), TimePoint::max()) << "who has none is never the next";
    EXPECT_EQ(&waiting.front(), &writers[1]);
    waiting.remove(writers[1]);
}

TEST(WritersWaiting, OneThatHasLeftIsNeitherFirstNorNext) {
    std::array<Writer, 3> writers{Writer(at(1s)), Writer(at(1s)), Writer(at(2s))};
    WritersWaiting waiting;
    for (Writer& writer : writers)
        waiting.add(writer);
    waiting.remove(writers[0]);
    EXPECT_EQ(&waiting.front(), &writers[1]);
    EXPECT_EQ(&waiting.nextToExpire(), &writers[1]);
    waiting.remove(writers[1]);
    waiting.add(writers[0]);
    EXPECT_EQ(&waiting.front(), &writers[2]);
    EXPECT_EQ(&waiting.nextToExpire(), &writers[0]);
    waiting.remove(writers[2]);
    waiting.remove(writers[0]);
}

}  // namespace
}  // namespace tempeh::core
