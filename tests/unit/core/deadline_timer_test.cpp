#include "core/engine/deadline_timer.hpp"

#include <gtest/gtest.h>

#include <new>
#include <optional>

namespace tempeh::core {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint() + 1h;

/// Says what it was told to do.
class RecordingTimer final : public transport::Timer {
public:
    struct Record {
        std::optional<TimePoint> armedFor;
        int starts = 0;
        int cancels = 0;
        bool isOutOfMemory = false;
    };
    explicit RecordingTimer(Record& record) noexcept : record_(record) {}

    void start(TimePoint when, std::shared_ptr<transport::TimerTarget>) override {
        if (record_.isOutOfMemory) throw std::bad_alloc();
        ++record_.starts;
        record_.armedFor = when;
    }
    asio::awaitable<void> wait(TimePoint, error_code&) override { co_return; }
    void cancel() noexcept override {
        ++record_.cancels;
        record_.armedFor.reset();
    }

private:
    Record& record_;
};

class DeadlineTimerTest : public testing::Test {
protected:
    struct Counted {
        explicit Counted(DeadlineTimerTest& owner)
            : test(owner)
            , deadline([](void* self) noexcept { static_cast<Counted*>(self)->onDeadline(); }, this) {}
        void onDeadline() noexcept {
            ++calls;
            lateness = test.timer.lateness();
        }
        DeadlineTimerTest& test;
        int calls = 0;
        Duration lateness = -1s;
        Deadline deadline;
    };

    bool arm() {
        return timer.arm([] { return std::shared_ptr<transport::TimerTarget>(); });
    }

    TimePoint now = start;
    RecordingTimer::Record record;
    DeadlineTimer timer{std::make_unique<RecordingTimer>(record), transport::Clock(now)};
};

TEST_F(DeadlineTimerTest, IsArmedForTheNearestDeadline) {
    Counted a(*this);
    Counted b(*this);
    timer.set(a.deadline, now + 2s);
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.armedFor, now + 2s);
    timer.set(b.deadline, now + 1s);
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.armedFor, now + 1s);
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.starts, 2);  // nothing has changed
}

TEST_F(DeadlineTimerTest, ATimerNobodyWaitsForIsStopped) {
    {
        Counted a(*this);
        timer.set(a.deadline, now + 2s);
        EXPECT_TRUE(arm());
    }
    EXPECT_TRUE(arm());
    EXPECT_FALSE(record.armedFor);
    EXPECT_EQ(record.cancels, 1);
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.cancels, 1);
}

TEST_F(DeadlineTimerTest, RunsWhatIsDueAndTellsHowLate) {
    Counted a(*this);
    timer.set(a.deadline, now + 2s);
    EXPECT_TRUE(arm());
    now += 2s + 30ms;
    timer.runExpired();
    EXPECT_EQ(a.calls, 1);
    EXPECT_EQ(a.lateness, 30ms);
    EXPECT_EQ(timer.lateness(), Duration::zero());
    EXPECT_EQ(timer.runsSince(), TimePoint());
}

TEST_F(DeadlineTimerTest, ALongStandstillIsRemembered) {
    Counted a(*this);
    timer.set(a.deadline, now + 2s);
    EXPECT_TRUE(arm());
    now += 2s + DeadlineTimer::stoppedFor;
    timer.runExpired();
    EXPECT_EQ(timer.runsSince(), now);
}

TEST_F(DeadlineTimerTest, ADeadlineThatWasOverFromTheStartIsNotLate) {
    Counted a(*this);
    timer.set(a.deadline, TimePoint::min());
    EXPECT_TRUE(arm());
    timer.runExpired();
    EXPECT_EQ(a.calls, 1);
    EXPECT_EQ(a.lateness, Duration::zero());
}

TEST_F(DeadlineTimerTest, WithoutMemoryItIsTriedAgain) {
    Counted a(*this);
    timer.set(a.deadline, now + 2s);
    record.isOutOfMemory = true;
    EXPECT_FALSE(arm());
    record.isOutOfMemory = false;
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.armedFor, now + 2s);
}

TEST_F(DeadlineTimerTest, WithoutAContextNothingIsArmed) {
    Counted a(*this);
    timer.release();
    timer.set(a.deadline, now + 2s);
    EXPECT_TRUE(arm());
    EXPECT_EQ(record.starts, 0);
}

}  // namespace
}  // namespace tempeh::core
