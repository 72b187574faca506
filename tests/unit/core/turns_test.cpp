#include "core/engine/turns.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

namespace asio = boost::asio;

class TurnsTest : public testing::Test, private Turns::Owner {
protected:
    class Writer final : public TurnWriter {
    public:
        Writer(TurnsTest& test, std::string name) : test_(test), name_(std::move(name)) {}
        void flush() noexcept override {
            test_.log.push_back(name_);
            if (isLongerThanOneTurn) {
                isLongerThanOneTurn = false;
                test_.turns.flushLater(*this);
            }
        }
        bool isLongerThanOneTurn = false;

    private:
        TurnsTest& test_;
        const std::string name_;
    };
    class Sleeper final : public detail::Waiter {
    public:
        explicit Sleeper(TurnsTest& test) : test_(test) {}
        void resume(bool isInline) noexcept override {
            test_.log.emplace_back(isInline ? "resumed" : "woken");
        }

    private:
        TurnsTest& test_;
    };

    std::shared_ptr<Turns::Owner> holdOwner() noexcept override {
        return {std::shared_ptr<void>(), static_cast<Turns::Owner*>(this)};
    }
    void onTurnEnd() noexcept override { log.emplace_back("end"); }
    void onSoon() noexcept override {
        const Turns::Scope turn(turns);
        log.emplace_back("soon");
        turns.runSoon();
    }

    void run() {
        context.restart();
        context.run();
    }

    using Log = std::vector<std::string>;
    Log log;
    asio::io_context context;
    Turns turns{*this, context, context.get_executor()};
};

TEST_F(TurnsTest, WritersAreFlushedOnceAtTheEndOfTheOutermostTurn) {
    Writer a(*this, "a");
    Writer b(*this, "b");
    {
        const Turns::Scope outer(turns);
        EXPECT_TRUE(turns.isInTurn());
        {
            const Turns::Scope inner(turns);
            turns.flushAtEnd(a);
            turns.flushAtEnd(b);
            turns.flushAtEnd(a);
        }
        EXPECT_TRUE(log.empty());
    }
    EXPECT_FALSE(turns.isInTurn());
    EXPECT_EQ(log, Log({"a", "b", "end"}));
}

TEST_F(TurnsTest, OutsideATurnOneIsScheduled) {
    Writer a(*this, "a");
    turns.flushAtEnd(a);
    EXPECT_TRUE(log.empty());
    run();
    EXPECT_EQ(log, Log({"soon", "a", "end"}));
}

TEST_F(TurnsTest, WhoeverHasMoreWritesOnAfterTheOthers) {
    Writer a(*this, "a");
    Writer b(*this, "b");
    a.isLongerThanOneTurn = true;
    {
        const Turns::Scope turn(turns);
        turns.flushAtEnd(a);
        turns.flushAtEnd(b);
    }
    EXPECT_EQ(log, Log({"a", "b", "end"}));
    run();
    EXPECT_EQ(log, Log({"a", "b", "end", "soon", "a", "end"}));
}

TEST_F(TurnsTest, AWriterThatIsDestroyedIsForgotten) {
    const Turns::Scope turn(turns);
    Writer kept(*this, "kept");
    turns.flushAtEnd(kept);
    kept.unlink();
    const Writer gone(*this, "gone");
}

TEST_F(TurnsTest, WaitersAreResumedInTheirOrderAndInPortions) {
    std::vector<std::unique_ptr<Sleeper>> sleepers;
    for (int i = 0; i < 300; ++i) {
        sleepers.push_back(std::make_unique<Sleeper>(*this));
        turns.resumeSoon(*sleepers.back());
    }
    context.restart();
    EXPECT_EQ(context.run_one(), 1U);
    EXPECT_EQ(log.size(), 1U + 256U + 1U);  // soon, a portion, end
    run();
    EXPECT_EQ(std::count(log.begin(), log.end(), "resumed"), 300);
}

TEST_F(TurnsTest, WhoWaitsWhenTheContextGoesIsWokenAnotherWay) {
    Sleeper sleeper(*this);
    turns.resumeSoon(sleeper);
    turns.release();
    EXPECT_EQ(log, Log({"woken"}));
}

TEST_F(TurnsTest, TheApplicationsTimeIsToldApart) {
    EXPECT_EQ(turns.whereabouts().get().doing, Whereabouts::Doing::Elsewhere);
    const Turns::Scope turn(turns);
    EXPECT_EQ(turns.whereabouts().get().doing, Whereabouts::Doing::EngineWork);
    {
        const Whereabouts::Scope receiver = turns.atReceiver(7);
        EXPECT_EQ(turns.whereabouts().get().doing, Whereabouts::Doing::Receiver);
        EXPECT_EQ(turns.whereabouts().get().channel, 7);
    }
    EXPECT_EQ(turns.whereabouts().get().doing, Whereabouts::Doing::EngineWork);
}

}  // namespace
}  // namespace tempeh::core
