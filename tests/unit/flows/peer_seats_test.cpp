#include "flows/server/peer_seats.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tempeh::flows::detail {
namespace {

TEST(PeerSeats, AreAsManyAsTheLimit) {
    const auto seats = std::make_shared<PeerSeats>(2);
    PeerSeats::Seat first = PeerSeats::take(seats);
    const PeerSeats::Seat second = PeerSeats::take(seats);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(PeerSeats::take(seats));
    first.giveBack();
    first.giveBack();
    const PeerSeats::Seat third = PeerSeats::take(seats);
    EXPECT_TRUE(third);
    EXPECT_FALSE(PeerSeats::take(seats));
}

TEST(PeerSeats, AreGivenBackByWhoHasThem) {
    const auto seats = std::make_shared<PeerSeats>(1);
    {
        PeerSeats::Seat seat = PeerSeats::take(seats);
        const PeerSeats::Seat moved = std::move(seat);
        EXPECT_FALSE(PeerSeats::take(seats));
    }
    EXPECT_TRUE(PeerSeats::take(seats));
}

TEST(PeerSeats, WithoutALimitThereIsAlwaysOne) {
    const auto seats = std::make_shared<PeerSeats>(0);
    std::vector<PeerSeats::Seat> taken;
    for (int i = 0; i < 1000; ++i)
        taken.push_back(PeerSeats::take(seats));
    for (const PeerSeats::Seat& seat : taken)
        EXPECT_TRUE(seat);
}

TEST(PeerSeats, SeveralThreadsNeverTakeMoreThanThereAre) {
    constexpr int limit = 3;
    const auto seats = std::make_shared<PeerSeats>(limit);
    std::atomic<int> taken{0};
    std::atomic<int> most{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < 10'000; ++round) {
                    const PeerSeats::Seat seat = PeerSeats::take(seats);
                    if (!seat) continue;
                    const int now = ++taken;
                    int known = most.load();
                    while (now > known && !most.compare_exchange_weak(known, now)) {
                    }
                    --taken;
                }
            });
    }
    EXPECT_LE(most, limit);
    EXPECT_GE(most, 1);
}

}  // namespace
}  // namespace tempeh::flows::detail
