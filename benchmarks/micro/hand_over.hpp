#pragma once

#include <atomic>
#include <latch>
#include <thread>

namespace tempeh::bench {

/// One slot from one thread to another; both give their core away while they wait.
template <class T>
class HandOver {
public:
    void put(T* value) noexcept {
        while (slot_.load(std::memory_order_relaxed) != nullptr)
            std::this_thread::yield();
        slot_.store(value, std::memory_order_release);
    }
    T* take() noexcept {
        T* value = nullptr;
        while ((value = slot_.load(std::memory_order_acquire)) == nullptr)
            std::this_thread::yield();
        slot_.store(nullptr, std::memory_order_relaxed);
        return value;
    }

private:
    alignas(64) std::atomic<T*> slot_{nullptr};
};

/// A second thread that only waits: the C library's locks are cheaper while a program has a single one.
class Companion {
public:
    ~Companion() { over_.count_down(); }

private:
    std::latch over_{1};
    std::jthread thread_{[this] { over_.wait(); }};
};

}  // namespace tempeh::bench
