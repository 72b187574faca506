#pragma once

namespace tempeh::test {

/// Counts a coroutine while it is there.
class Presence {
public:
    explicit Presence(int& count) noexcept : count_(count) { ++count_; }
    ~Presence() { --count_; }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

private:
    int& count_;
};

}  // namespace tempeh::test
