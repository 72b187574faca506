#include <tempeh/core/detail/context_life.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace tempeh::detail {
namespace {

struct Dependent final : ContextDependent {
    void onContextGone(const ContextLife& life) noexcept override {
        ++told;
        isEndKnown &= life.isGone();
    }
    int told = 0;
    bool isEndKnown = true;
};

TEST(ContextLife, IsOneForAContext) {
    asio::io_context first;
    asio::thread_pool second(1);
    const auto life = ContextLife::of(first);
    EXPECT_EQ(ContextLife::of(first), life);
    EXPECT_NE(ContextLife::of(second), life);
    EXPECT_TRUE(life->isOf(first));
    EXPECT_FALSE(life->isOf(second));
    EXPECT_FALSE(life->isGone());
}

TEST(ContextLife, TellsOfItsEndOnceThoseWhoAreLeft) {
    const auto stays = std::make_shared<Dependent>();
    auto goes = std::make_shared<Dependent>();
    std::shared_ptr<ContextLife> life;
    {
        asio::io_context context;
        life = ContextLife::of(context);
        life->add(goes);
        goes.reset();
        for (int i = 0; i < 100; ++i) {
            life->add(stays);
            life->add(std::make_shared<Dependent>());
        }
        EXPECT_EQ(stays->told, 0);
    }
    EXPECT_EQ(stays->told, 1);
    EXPECT_TRUE(stays->isEndKnown);
    EXPECT_TRUE(life->isGone());
}

/// The queue of the context is still there when whoever is under way looks, and it goes on behind.
TEST(ContextLife, AContextWaitsForWhoIsUnderWay) {
    for (int round = 0; round < 200; ++round) {
        std::optional<asio::io_context> context(std::in_place);
        const auto life = ContextLife::of(*context);
        std::atomic<bool> isEntered = false;
        std::atomic<bool> hasGone = false;
        bool isThere = true;
        std::thread other([&] {
            const auto executor = context->get_executor();
            life->enter();
            isEntered = true;
            std::this_thread::yield();
            if (!life->isGone()) {
                asio::post(executor, [] {});
                isThere = !hasGone;
            }
            life->leave();
        });
        while (!isEntered)
            std::this_thread::yield();
        context.reset();
        hasGone = true;
        other.join();
        EXPECT_TRUE(isThere);
    }
}

}  // namespace
}  // namespace tempeh::detail
