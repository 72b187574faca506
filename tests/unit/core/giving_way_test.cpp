#include "core/submit/giving_way.hpp"

#include <gtest/gtest.h>

namespace tempeh::core {
namespace {

using namespace std::chrono_literals;

class GivingWayTest : public ::testing::Test {
protected:
    /// Gives way to a thread that takes so long; whether it did.
    bool giveWay(Duration taken) {
        const int before = yields_;
        givingWay_.once([this] { return now_; },
                        [&] {
                            ++yields_;
                            now_ += taken;
                        });
        return yields_ != before;
    }

    GivingWay givingWay_;
    TimePoint now_{};
    int yields_ = 0;
};

TEST_F(GivingWayTest, AThreadThatIsQuickIsLetGoOnEachTime) {
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(giveWay(GivingWay::harmless));
}

TEST_F(GivingWayTest, AThreadThatKeepsTheCoreCostsTheOthersAThousandthOfTheTime) {
    EXPECT_TRUE(giveWay(3ms));
    EXPECT_FALSE(giveWay(3ms));
    now_ += 3s - 1ns;
    EXPECT_FALSE(giveWay(3ms));
    now_ += 1ns;
    EXPECT_TRUE(giveWay(0ms)) << "it may be another one now";
    EXPECT_TRUE(giveWay(0ms));
}

}  // namespace
}  // namespace tempeh::core
