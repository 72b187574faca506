// The message pool as the engine uses it. Time is per message taken and returned.

#include "base/thread_token.hpp"
#include "hand_over.hpp"
#include "message/message_pool.hpp"

#include <tempeh/message/message_queue.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <thread>
#include <utility>

namespace tempeh::bench {
namespace {

const Companion companion;

constexpr std::size_t burst = 64;
constexpr std::size_t plenty = std::size_t{1} << 30;
constexpr auto poolOnly = AllocationStrategy::PoolOnly;

MessagePool* pool = nullptr;
HandOver<MessageQueue> belt;

void openPool(const benchmark::State&) {
    pool = MessagePool::create({8192, 8192, 65536, plenty});
    pool->setOwner(&belt);
}
void closePool(const benchmark::State&) {
    pool->close();
}

void countMessages(benchmark::State& state) {
    using benchmark::Counter;
    const double messages = static_cast<double>(state.iterations()) * burst;
    state.counters["ns/message"] =
        Counter(messages * 1e-9, Counter::kIsRate | Counter::kAvgThreads | Counter::kInvert);
}

MessagePtr getOne() {
    MessagePtr message = pool->get(poolOnly);
    while (!message) {
        std::this_thread::yield();
        message = pool->get(poolOnly);
    }
    return message;
}

void takeBurst(MessageQueue& queue, std::size_t bodySize) {
    for (std::size_t i = 0; i < burst; ++i) {
        MessagePtr message = getOne();
        message->header.messageId = i;
        message->body.prepare(bodySize);
        message->body.commit(bodySize);
        queue.pushBack(std::move(message));
    }
}
void returnBurst(MessageQueue& queue) {
    while (MessagePtr message = queue.popFront())
        pool->put(std::move(message));
}

void heapBaseline(benchmark::State& state) {
    MessageQueue queue;
    for (auto _ : state) {
        for (std::size_t i = 0; i < burst; ++i)
            queue.pushBack(MessagePtr(new Message));
        queue.clear();
    }
    countMessages(state);
}
BENCHMARK(heapBaseline)->Threads(1)->Threads(2)->UseRealTime();

/// One message after the other, always the same.
void ownerOne(benchmark::State& state) {
    const base::ThreadTokenScope scope(&belt);
    for (auto _ : state) {
        for (std::size_t i = 0; i < burst; ++i) {
            MessagePtr message = pool->get(poolOnly);
            benchmark::DoNotOptimize(message.get());
            pool->put(std::move(message));
        }
    }
    countMessages(state);
}
BENCHMARK(ownerOne)->Setup(openPool)->Teardown(closePool)->UseRealTime();

/// Bursts through a queue; the argument is the size of the body.
void ownerBursts(benchmark::State& state) {
    const base::ThreadTokenScope scope(&belt);
    const auto bodySize = static_cast<std::size_t>(state.range(0));
    MessageQueue queue;
    for (auto _ : state) {
        takeBurst(queue, bodySize);
        returnBurst(queue);
    }
    countMessages(state);
}
BENCHMARK(ownerBursts)->Arg(16)->Arg(1024)->Setup(openPool)->Teardown(closePool)->UseRealTime();

/// The first of two threads is the owner.
void everyThread(benchmark::State& state) {
    const base::ThreadTokenScope scope(state.thread_index() == 0 && state.threads() > 1 ? &belt : nullptr);
    MessageQueue queue;
    for (auto _ : state) {
        takeBurst(queue, 16);
        returnBurst(queue);
    }
    countMessages(state);
}
BENCHMARK(everyThread)->Threads(1)->Threads(2)->Setup(openPool)->Teardown(closePool)->UseRealTime();

void handOver(benchmark::State& state, bool ownerTakes) {
    const bool takes = state.thread_index() == 0;
    const base::ThreadTokenScope scope(takes == ownerTakes ? &belt : nullptr);
    // Three: one on the belt, one at either end.
    static MessageQueue queues[3];
    std::size_t next = 0;
    for (auto _ : state) {
        if (takes) {
            MessageQueue& queue = queues[next++ % 3];
            takeBurst(queue, 16);
            belt.put(&queue);
        } else {
            returnBurst(*belt.take());
        }
    }
    countMessages(state);
}
void receiving(benchmark::State& state) {
    handOver(state, true);
}
void sending(benchmark::State& state) {
    handOver(state, false);
}
BENCHMARK(receiving)->Threads(2)->Setup(openPool)->Teardown(closePool)->UseRealTime();
BENCHMARK(sending)->Threads(2)->Setup(openPool)->Teardown(closePool)->UseRealTime();

}  // namespace
}  // namespace tempeh::bench
