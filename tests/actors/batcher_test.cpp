#include <tempeh/actors.hpp>
#include <tempeh/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace tempeh::actors::batched {
namespace {

using namespace std::chrono_literals;
using tempeh::testing::SimulatedNetwork;
using ::testing::ElementsAre;

struct Sizes {
    using Reply = std::vector<std::size_t>;
};

class Keeper {
public:
    explicit Keeper(Context&) {}
    void handle(Batch<int> batch) {
        sizes_.push_back(batch.items.size());
        for (const int item : batch.items)
            isInOrder_ = isInOrder_ && item == next_++;
    }
    std::vector<std::size_t> handle(Sizes) {
        if (!isInOrder_) throw Refusal("out of order");
        return sizes_;
    }

private:
    std::vector<std::size_t> sizes_;
    int next_ = 0;
    bool isInOrder_ = true;
};

/// On a simulated engine: time passes only when nothing else happens.
class BatcherTest : public ::testing::Test {
protected:
    Ref<Batcher<int>> spawn(BatcherOptions options) {
        keeper_ = system_.spawn<Keeper>({});
        return system_.spawn<Batcher<int>>({}, keeper_, options);
    }
    static void tell(const Ref<Batcher<int>>& batcher, int first, int last) {
        for (int item = first; item <= last; ++item)
            batcher.tell(item);
    }
    std::vector<std::size_t> sizes() {
        std::vector<std::size_t> sizes;
        network_.spawn(askSizes(keeper_, sizes));
        network_.run();
        return sizes;
    }
    static asio::awaitable<void> askSizes(Ref<Keeper> keeper, std::vector<std::size_t>& sizes) {
        sizes = co_await keeper.ask<Sizes>(1h);
    }

    SimulatedNetwork network_;
    System system_{network_.createEngine("here")};
    Ref<Keeper> keeper_;
};

TEST_F(BatcherTest, HandsOnSoManyAtATime) {
    const auto batcher = spawn({.maxItems = 10, .maxDelay = 1h});
    tell(batcher, 0, 24);
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(10, 10));
}

TEST_F(BatcherTest, HandsOnTheRestSoLongAfterTheFirstOfThem) {
    const auto batcher = spawn({.maxItems = 100, .maxDelay = 10ms});
    tell(batcher, 0, 1);
    network_.runFor(6ms);
    tell(batcher, 2, 2);
    network_.runFor(5ms);
    tell(batcher, 3, 3);
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(3, 1));
}

TEST_F(BatcherTest, CountsTheDelayFromTheNextBatchsFirst) {
    const auto batcher = spawn({.maxItems = 2, .maxDelay = 10ms});
    tell(batcher, 0, 0);
    network_.runFor(8ms);
    tell(batcher, 1, 2);  // full, and a new one begins
    network_.runFor(4ms);
    tell(batcher, 3, 3);
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(2, 2)) << "the first batch's timer does not end the second";
}

TEST_F(BatcherTest, FlushesWhenAsked) {
    const auto batcher = spawn({.maxDelay = 1h});
    tell(batcher, 0, 4);
    batcher.tell(Flush{});
    batcher.tell(Flush{});  // nothing to hand on
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(5));
}

TEST_F(BatcherTest, TakesNewOptions) {
    const auto batcher = spawn({.maxDelay = 1h});
    tell(batcher, 0, 2);
    batcher.tell(BatcherOptions{.maxItems = 4, .maxDelay = 1h});
    tell(batcher, 3, 8);
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(3, 4));
}

class Owner {
public:
    Owner(Context& self, Ref<Keeper> keeper)
        : self_(self), batcher_(self.spawn<Batcher<int>>({}, keeper, BatcherOptions{.maxDelay = 1h})) {}
    void handle(int item) { batcher_.tell(item); }
    void handle(Flush) { self_.stop(); }

private:
    Context& self_;
    Ref<Batcher<int>> batcher_;
};

TEST_F(BatcherTest, HandsOnWhatItHasWhenItIsStopped) {
    keeper_ = system_.spawn<Keeper>({});
    const auto owner = system_.spawn<Owner>({}, keeper_);
    for (int item = 0; item <= 2; ++item)
        owner.tell(item);
    network_.runFor(1s);
    owner.tell(Flush{});
    network_.runFor(1s);
    EXPECT_THAT(sizes(), ElementsAre(3));
}

}  // namespace
}  // namespace tempeh::actors::batched
