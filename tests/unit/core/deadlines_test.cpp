#include "core/engine/deadlines.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace tempeh::core {
namespace {

using testing::ElementsAre;
using TimePoint = Deadlines::TimePoint;

TimePoint at(int milliseconds) {
    return TimePoint{} + std::chrono::milliseconds(milliseconds);
}

/// A deadline that notes its name when it is called, then runs `then`.
struct Noting {
    Noting(std::vector<int>& log, int number) : notes(&log), name(number) {}

    static void onDeadline(void* context) noexcept {
        auto* self = static_cast<Noting*>(context);
        self->notes->push_back(self->name);
        if (self->then) {
            const auto call = self->then;  // it may destroy *self
            call();
        }
    }

    std::vector<int>* notes;
    int name;
    std::function<void()> then;
    Deadline deadline{&Noting::onDeadline, this};
};

class DeadlinesTest : public testing::Test {
protected:
    std::vector<int> called;
    Deadlines deadlines;
    Noting one{called, 1}, two{called, 2}, three{called, 3};
};

TEST_F(DeadlinesTest, EmptyHasNoNext) {
    EXPECT_EQ(deadlines.next(), std::nullopt);
    EXPECT_EQ(deadlines.runExpired(at(1000)), 0U);
}

TEST_F(DeadlinesTest, CalledInOrderOfTimeAndOnlyWhenDue) {
    deadlines.set(three.deadline, at(30));
    deadlines.set(one.deadline, at(10));
    deadlines.set(two.deadline, at(20));
    EXPECT_EQ(deadlines.next(), at(10));
    EXPECT_EQ(deadlines.runExpired(at(9)), 0U);
    EXPECT_EQ(deadlines.runExpired(at(20)), 2U);
    EXPECT_THAT(called, ElementsAre(1, 2));
    EXPECT_FALSE(one.deadline.isArmed());
    EXPECT_EQ(deadlines.next(), at(30));
    EXPECT_EQ(deadlines.runExpired(at(30)), 1U);
    EXPECT_EQ(deadlines.next(), std::nullopt);
}

TEST_F(DeadlinesTest, EqualTimesRunInTheOrderTheyWereSet) {
    deadlines.set(two.deadline, at(10));
    deadlines.set(one.deadline, at(10));
    deadlines.set(three.deadline, at(10));
    deadlines.runExpired(at(10));
    EXPECT_THAT(called, ElementsAre(2, 1, 3));
}

TEST_F(DeadlinesTest, SetSaysWhenTheTimerMustBeEarlier) {
    EXPECT_TRUE(deadlines.set(two.deadline, at(20)));
    EXPECT_FALSE(deadlines.set(three.deadline, at(30)));
    EXPECT_TRUE(deadlines.set(one.deadline, at(10)));
    EXPECT_TRUE(deadlines.set(three.deadline, at(5)));
    EXPECT_FALSE(deadlines.set(three.deadline, at(40))) << "later: the place stays";
}

TEST_F(DeadlinesTest, MovedForwardIsCalledOnceAtTheNewTime) {
    deadlines.set(one.deadline, at(10));
    for (int time = 11; time <= 1000; ++time)
        deadlines.set(one.deadline, at(time));
    EXPECT_EQ(one.deadline.when(), at(1000));
    EXPECT_EQ(deadlines.next(), at(10)) << "lazy: never later than the true one";
    EXPECT_EQ(deadlines.runExpired(at(999)), 0U);
    EXPECT_EQ(deadlines.next(), at(1000));
    EXPECT_EQ(deadlines.runExpired(at(1000)), 1U);
    EXPECT_THAT(called, ElementsAre(1));
}

TEST_F(DeadlinesTest, OrderHoldsForWhatWasMoved) {
    deadlines.set(one.deadline, at(10));
    deadlines.set(two.deadline, at(20));
    deadlines.set(one.deadline, at(30));
    EXPECT_EQ(deadlines.runExpired(at(40)), 2U);
    EXPECT_THAT(called, ElementsAre(2, 1));
}

TEST_F(DeadlinesTest, MovedBackIsCalledAtTheEarlierTime) {
    deadlines.set(one.deadline, at(100));
    deadlines.set(one.deadline, at(10));
    EXPECT_EQ(deadlines.next(), at(10));
    EXPECT_EQ(deadlines.runExpired(at(10)), 1U);
    EXPECT_EQ(deadlines.runExpired(at(100)), 0U);
}

TEST_F(DeadlinesTest, CancelledIsNotCalledAndLeavesNothing) {
    deadlines.set(one.deadline, at(10));
    deadlines.cancel(one.deadline);
    EXPECT_FALSE(one.deadline.isArmed());
    EXPECT_EQ(deadlines.runExpired(at(10)), 0U);
    EXPECT_EQ(deadlines.next(), std::nullopt);
    deadlines.cancel(two.deadline);  // never armed
    EXPECT_EQ(deadlines.runExpired(at(1000)), 0U);
}

TEST_F(DeadlinesTest, SetAgainAfterCancel) {
    deadlines.set(one.deadline, at(10));
    deadlines.cancel(one.deadline);
    deadlines.set(one.deadline, at(20));
    EXPECT_EQ(deadlines.runExpired(at(19)), 0U);
    EXPECT_EQ(deadlines.runExpired(at(20)), 1U);
    deadlines.set(one.deadline, at(30));
    deadlines.cancel(one.deadline);
    deadlines.set(one.deadline, at(25));
    EXPECT_EQ(deadlines.runExpired(at(25)), 1U);
    EXPECT_THAT(called, ElementsAre(1, 1));
}

TEST_F(DeadlinesTest, LatestTimePointMeansNever) {
    EXPECT_FALSE(deadlines.set(one.deadline, TimePoint::max()));
    EXPECT_FALSE(one.deadline.isArmed());
    EXPECT_EQ(deadlines.next(), std::nullopt);
    deadlines.set(one.deadline, at(10));
    deadlines.set(one.deadline, TimePoint::max());
    EXPECT_EQ(deadlines.runExpired(at(10)), 0U);
    deadlines.set(two.deadline, at(10));
    EXPECT_EQ(deadlines.runExpired(TimePoint::max()), 1U);
    EXPECT_THAT(called, ElementsAre(2));
}

TEST_F(DeadlinesTest, CallbackThatSetsItselfToThePastRunsOncePerCall) {
    one.then = [this] { deadlines.set(one.deadline, at(0)); };
    deadlines.set(one.deadline, at(10));
    for (std::size_t call = 1; call <= 3; ++call) {
        EXPECT_EQ(deadlines.runExpired(at(10)), 1U);
        EXPECT_EQ(called.size(), call);
        EXPECT_EQ(deadlines.next(), at(0));
    }
}

TEST_F(DeadlinesTest, CallbackThatSetsItselfToNowRunsOncePerCall) {
    one.then = [this] {
        if (called.size() < 5) deadlines.set(one.deadline, at(10));
    };
    deadlines.set(one.deadline, at(10));
    EXPECT_EQ(deadlines.runExpired(at(10)), 1U);
    EXPECT_EQ(deadlines.next(), at(10));
}

TEST_F(DeadlinesTest, CallbackThatSetsAnotherToThePastLeavesItForTheNextCall) {
    one.then = [this] {
        EXPECT_TRUE(deadlines.set(three.deadline, at(7)));
        EXPECT_TRUE(deadlines.set(two.deadline, at(5)));
    };
    deadlines.set(one.deadline, at(10));
    EXPECT_EQ(deadlines.runExpired(at(10)), 1U);
    EXPECT_EQ(deadlines.next(), at(5));
    EXPECT_EQ(deadlines.runExpired(at(10)), 2U);
    EXPECT_THAT(called, ElementsAre(1, 2, 3));
}

TEST_F(DeadlinesTest, CallbackMayMoveWhatIsDueInTheSameCall) {
    one.then = [this] {
        deadlines.set(two.deadline, at(50));  // forward, out of this call
        deadlines.cancel(three.deadline);
    };
    deadlines.set(one.deadline, at(10));
    deadlines.set(two.deadline, at(11));
    deadlines.set(three.deadline, at(12));
    EXPECT_EQ(deadlines.runExpired(at(20)), 1U);
    EXPECT_EQ(deadlines.next(), at(50));
    EXPECT_EQ(deadlines.runExpired(at(50)), 1U);
    EXPECT_THAT(called, ElementsAre(1, 2));
}

TEST_F(DeadlinesTest, PostponedOnesMayBeMovedAndCancelledToo) {
    one.then = [this] {
        deadlines.set(two.deadline, at(5));
        deadlines.set(three.deadline, at(6));
        deadlines.set(two.deadline, at(40));
        deadlines.cancel(three.deadline);
        EXPECT_EQ(deadlines.next(), at(5));
    };
    deadlines.set(one.deadline, at(10));
    EXPECT_EQ(deadlines.runExpired(at(10)), 1U);
    EXPECT_EQ(deadlines.runExpired(at(10)), 0U);
    EXPECT_EQ(deadlines.next(), at(40));
    EXPECT_EQ(deadlines.runExpired(at(40)), 1U);
    EXPECT_THAT(called, ElementsAre(1, 2));
}

TEST_F(DeadlinesTest, NestedRunDoesNothing) {
    one.then = [this] { EXPECT_EQ(deadlines.runExpired(at(1000)), 0U); };
    deadlines.set(one.deadline, at(10));
    deadlines.set(two.deadline, at(20));
    EXPECT_EQ(deadlines.runExpired(at(20)), 2U);
}

TEST_F(DeadlinesTest, CallbackMayDestroyItselfAndOthers) {
    auto doomed = std::make_unique<Noting>(called, 7);
    auto other = std::make_unique<Noting>(called, 8);
    doomed->then = [&] {
        doomed.reset();
        other.reset();
    };
    deadlines.set(doomed->deadline, at(10));
    deadlines.set(other->deadline, at(11));
    deadlines.set(two.deadline, at(12));
    EXPECT_EQ(deadlines.runExpired(at(20)), 2U);
    EXPECT_THAT(called, ElementsAre(7, 2));
}

TEST_F(DeadlinesTest, DestroyingDisarms) {
    {
        Noting brief(called, 9);
        deadlines.set(brief.deadline, at(10));
        EXPECT_EQ(deadlines.next(), at(10));
    }
    EXPECT_EQ(deadlines.next(), std::nullopt);
    EXPECT_EQ(deadlines.runExpired(at(10)), 0U);
}

TEST_F(DeadlinesTest, ADeadlineOutlivesItsSetAndJoinsAnother) {
    auto brief = std::make_unique<Deadlines>();
    brief->set(one.deadline, at(10));
    brief.reset();
    EXPECT_FALSE(one.deadline.isArmed());
    deadlines.set(one.deadline, at(20));
    EXPECT_EQ(deadlines.runExpired(at(20)), 1U);
}

/// Every deadline is called exactly at the first run at or after its time, against a plain map; what
/// callbacks set into the past waits for the next run.
TEST_F(DeadlinesTest, RandomUseAgreesWithAModel) {
    base::Random random(11);
    constexpr int howMany = 40;
    std::map<int, TimePoint> model;
    std::vector<std::unique_ptr<Noting>> all;
    int now = 0;
    const auto disturb = [&] {
        const int which = static_cast<int>(random.below(howMany));
        auto& slot = all[static_cast<std::size_t>(which)];
        const std::uint32_t dice = random.below(20);
        if (dice == 0) {
            model.erase(which);
            slot = std::make_unique<Noting>(called, which);
        } else if (dice < 5) {
            model.erase(which);
            deadlines.cancel(slot->deadline);
        } else {
            const TimePoint when = at(now + static_cast<int>(random.below(60)) - 20);
            model[which] = when;
            deadlines.set(slot->deadline, when);
        }
    };
    for (int name = 0; name < howMany; ++name)
        all.push_back(std::make_unique<Noting>(called, name));
    for (int step = 0; step < 50'000; ++step) {
        disturb();
        std::optional<TimePoint> first;
        for (const auto& [name, when] : model)
            first = first ? std::min(*first, when) : when;
        if (first) {
            ASSERT_TRUE(deadlines.next());
            ASSERT_LE(*deadlines.next(), *first);
        }
        if (random.below(3) != 0) continue;
        now += static_cast<int>(random.below(10));
        std::multimap<TimePoint, int> due;
        for (const auto& [name, when] : model)
            if (when <= at(now)) due.emplace(when, name);
        called.clear();
        ASSERT_EQ(deadlines.runExpired(at(now)), due.size());
        ASSERT_EQ(called.size(), due.size());
        auto expected = due.begin();
        for (const int name : called) {
            ASSERT_EQ(model.at(name), (expected++)->first) << "out of order";
            model.erase(name);
        }
        for (const auto& [name, when] : model)
            ASSERT_TRUE(all[static_cast<std::size_t>(name)]->deadline.isArmed());
    }
}

/// Callbacks that set, cancel and destroy at random: nothing runs twice in a call, the call ends.
TEST_F(DeadlinesTest, CallbacksThatDisturbEachOther) {
    base::Random random(12);
    constexpr std::uint32_t howMany = 30;
    std::vector<std::unique_ptr<Noting>> all(howMany);
    int now = 0;
    std::function<void()> disturb = [&] {
        for (int i = 0; i < 3; ++i) {
            const std::uint32_t which = random.below(howMany);
            auto& slot = all[which];
            if (random.below(10) == 0) {
                slot = std::make_unique<Noting>(called, static_cast<int>(which));
                slot->then = disturb;
            } else if (random.below(4) == 0) {
                deadlines.cancel(slot->deadline);
            } else {
                deadlines.set(slot->deadline, at(now + static_cast<int>(random.below(40)) - 20));
            }
        }
    };
    for (std::uint32_t name = 0; name < howMany; ++name) {
        all[name] = std::make_unique<Noting>(called, static_cast<int>(name));
        all[name]->then = disturb;
    }
    std::size_t total = 0;
    for (int step = 0; step < 20'000; ++step) {
        if (step % 8 == 0) disturb();
        ++now;
        called.clear();
        const std::size_t count = deadlines.runExpired(at(now));
        ASSERT_EQ(called.size(), count);
        ASSERT_LE(count, 2 * howMany) << "the call is bounded by what it found";
        total += count;
    }
    EXPECT_GT(total, 20'000U);
}

}  // namespace
}  // namespace tempeh::core
