#include "core/engine/drain_latch.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tempeh::core {
namespace {

TEST(DrainLatch, OpensWhenTheLastChannelHasEnded) {
    DrainLatch latch;
    latch.noteOpened();
    latch.noteOpened();
    latch.noteEnded();
    latch.openIfDrained();
    EXPECT_FALSE(latch.isOpen());
    EXPECT_EQ(latch.live(), 1U);
    latch.noteEnded();
    EXPECT_FALSE(latch.isOpen());  // not before somebody asks: channels may open until then
    latch.openIfDrained();
    EXPECT_TRUE(latch.isOpen());
}

TEST(DrainLatch, OpensForGoodWithoutThem) {
    DrainLatch latch;
    latch.noteOpened();
    latch.open();
    EXPECT_TRUE(latch.isOpen());
    latch.waitUntil(TimePoint::max());
}

TEST(DrainLatch, WaitsForIt) {
    DrainLatch latch;
    latch.noteOpened();
    latch.waitUntil(TimePoint::min());
    latch.waitUntil(std::chrono::steady_clock::now());
    EXPECT_FALSE(latch.isOpen());
    std::thread channel([&latch] {
        latch.noteEnded();
        latch.openIfDrained();
    });
    latch.waitUntil(TimePoint::max());
    EXPECT_TRUE(latch.isOpen());
    channel.join();
}

}  // namespace
}  // namespace tempeh::core
