// Which free list the pool should have: the smallest form of each candidate, on the pool's patterns.
// docs/decisions has the choice. Time is per message taken and returned.

#include "base/thread_token.hpp"
#include "hand_over.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh::bench {
namespace {

const Companion companion;

constexpr std::size_t nodeCount = 8192;
constexpr std::size_t burst = 64;
constexpr std::size_t batchSize = 64;

struct alignas(64) Node {
    Node* next = nullptr;
    std::array<std::byte, 248> payload;
};

struct List {
    Node* head = nullptr;
    std::size_t size = 0;

    void push(Node* node) noexcept {
        node->next = head;
        head = node;
        ++size;
    }
    Node* pop() noexcept {
        Node* node = head;
        if (node != nullptr) {
            head = node->next;
            --size;
        }
        return node;
    }
    void take(List& from, std::size_t count) noexcept {
        while (count-- > 0 && from.head != nullptr)
            push(from.pop());
    }
};

/// One list, one lock.
class Locked {
public:
    Node* get(int) noexcept {
        const std::lock_guard lock(mutex_);
        return list_.pop();
    }
    void put(Node* node, int) noexcept {
        const std::lock_guard lock(mutex_);
        list_.push(node);
    }

private:
    std::mutex mutex_;
    List list_;
};

/// A lock and a list for each of some groups of threads; an empty one looks at the others.
class Sharded {
public:
    Node* get(int thread) noexcept {
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            Shard& shard = shards_[(static_cast<std::size_t>(thread) + i) % shards_.size()];
            const std::lock_guard lock(shard.mutex);
            if (Node* node = shard.list.pop()) return node;
        }
        return nullptr;
    }
    void put(Node* node, int thread) noexcept {
        Shard& shard = shards_[static_cast<std::size_t>(thread) % shards_.size()];
        const std::lock_guard lock(shard.mutex);
        shard.list.push(node);
    }

private:
    struct alignas(64) Shard {
        std::mutex mutex;
        List list;
    };
    std::array<Shard, 8> shards_;
};

/// Every thread has a list of its own and trades batches, which it counts off under the lock. Leaves out what
/// a real one needs besides: a thread that ends, more than one pool.
class ThreadCached {
public:
    Node* get(int) noexcept {
        if (cache.head == nullptr) {
            const std::lock_guard lock(mutex_);
            cache.take(list_, batchSize);
        }
        return cache.pop();
    }
    void put(Node* node, int) noexcept {
        if (cache.size >= 2 * batchSize) {
            const std::lock_guard lock(mutex_);
            list_.take(cache, batchSize);
        }
        cache.push(node);
    }
    /// For the end of a run: leaves nothing in the thread.
    void flush() noexcept {
        const std::lock_guard lock(mutex_);
        list_.take(cache, cache.size);
    }

private:
    static inline thread_local constinit List cache;
    std::mutex mutex_;
    List list_;
};

/// One thread has a list of its own, the others share one; whole batches are traded. The pool's way.
class OwnList {
public:
    Node* get(int) noexcept {
        if (base::currentThreadToken() == this) {
            if (loaded_.head == nullptr) refill();
            return loaded_.pop();
        }
        const std::lock_guard lock(mutex_);
        if (open_.head == nullptr && !batches_.empty()) open_ = takeBatch();
        return open_.pop();
    }
    void put(Node* node, int) noexcept {
        if (base::currentThreadToken() == this) {
            if (loaded_.size >= batchSize) relieve();
            return loaded_.push(node);
        }
        const std::lock_guard lock(mutex_);
        open_.push(node);
        if (open_.size >= batchSize) batches_.push_back(std::exchange(open_, List()));
    }

private:
    void refill() noexcept {
        std::swap(loaded_, full_);
        if (loaded_.head != nullptr) return;
        const std::lock_guard lock(mutex_);
        loaded_ = batches_.empty() ? std::exchange(open_, List()) : takeBatch();
    }
    void relieve() noexcept {
        if (full_.head != nullptr) {
            const std::lock_guard lock(mutex_);
            batches_.push_back(full_);
        }
        full_ = std::exchange(loaded_, List());
    }
    List takeBatch() noexcept {
        List batch = batches_.back();
        batches_.pop_back();
        return batch;
    }

    List loaded_;
    List full_;
    alignas(64) std::mutex mutex_;
    List open_;
    std::vector<List> batches_;
};

template <class FreeList>
struct Stage {
    Stage() {
        for (Node& node : nodes)
            list.put(&node, 0);
        flush();
    }
    void flush() noexcept {
        if constexpr (requires { list.flush(); }) list.flush();
    }
    static void renew(const benchmark::State&) {
        instance.reset();
        instance = std::make_unique<Stage>();
    }
    static inline std::unique_ptr<Stage> instance;

    std::vector<Node> nodes{nodeCount};
    FreeList list;
    HandOver<Node> belt;
};

template <class FreeList>
Node* takeBurst(FreeList& list, int thread) {
    Node* chain = nullptr;
    for (std::size_t i = 0; i < burst; ++i) {
        Node* node = list.get(thread);
        while (node == nullptr) {
            std::this_thread::yield();
            node = list.get(thread);
        }
        node->payload[0] = std::byte{1};
        node->next = chain;
        chain = node;
    }
    return chain;
}

template <class FreeList>
void returnBurst(FreeList& list, Node* chain, int thread) {
    while (chain != nullptr)
        list.put(std::exchange(chain, chain->next), thread);
}

/// Of one thread: two threads at the same figure move twice as much.
void countMessages(benchmark::State& state) {
    using benchmark::Counter;
    const double messages = static_cast<double>(state.iterations()) * burst;
    state.counters["ns/message"] =
        Counter(messages * 1e-9, Counter::kIsRate | Counter::kAvgThreads | Counter::kInvert);
}

/// Every thread takes and returns on its own; the first is the owner.
template <class FreeList>
void everyThread(benchmark::State& state) {
    Stage<FreeList>& stage = *Stage<FreeList>::instance;
    const int thread = state.thread_index();
    const base::ThreadTokenScope scope(thread == 0 ? &stage.list : nullptr);
    for (auto _ : state)
        returnBurst(stage.list, takeBurst(stage.list, thread), thread);
    stage.flush();
    countMessages(state);
}

/// Messages go from one thread to the other, which returns them; the owner takes (receiving) or returns
/// (sending).
template <class FreeList>
void handOver(benchmark::State& state, bool ownerTakes) {
    Stage<FreeList>& stage = *Stage<FreeList>::instance;
    const int thread = state.thread_index();
    const bool takes = thread == 0;
    const base::ThreadTokenScope scope(takes == ownerTakes ? &stage.list : nullptr);
    for (auto _ : state) {
        if (takes) {
            stage.belt.put(takeBurst(stage.list, thread));
        } else {
            returnBurst(stage.list, stage.belt.take(), thread);
        }
    }
    stage.flush();
    countMessages(state);
}

template <class FreeList>
void receiving(benchmark::State& state) {
    handOver<FreeList>(state, true);
}
template <class FreeList>
void sending(benchmark::State& state) {
    handOver<FreeList>(state, false);
}

#define TEMPEH_FREE_LIST(List)                                                                      \
    BENCHMARK(everyThread<List>)->Setup(Stage<List>::renew)->Threads(1)->Threads(2)->UseRealTime(); \
    BENCHMARK(receiving<List>)->Setup(Stage<List>::renew)->Threads(2)->UseRealTime();               \
    BENCHMARK(sending<List>)->Setup(Stage<List>::renew)->Threads(2)->UseRealTime()

TEMPEH_FREE_LIST(Locked);
TEMPEH_FREE_LIST(Sharded);
TEMPEH_FREE_LIST(ThreadCached);
TEMPEH_FREE_LIST(OwnList);

}  // namespace
}  // namespace tempeh::bench
