#pragma once

#include <tempeh/core/asio.hpp>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace tempeh::testing::detail {

/// One direction of a connection: bytes on their way, and those that wait to be read.
class Pipe {
public:
    explicit Pipe(std::size_t capacity) noexcept : capacity_(capacity) {}

    std::size_t room() const noexcept { return capacity_ - inFlightBytes_ - unreadBytes(); }
    std::size_t inFlightBytes() const noexcept { return inFlightBytes_; }
    std::size_t unreadBytes() const noexcept { return arrived_.size() - readUpTo_; }
    bool hasEndArrived() const noexcept { return endArrived_; }
    bool isEnded() const noexcept { return isEnded_; }
    TimePoint lastArrival() const noexcept { return lastArrival_; }

    /// Sends bytes there is room for; they arrive at `when`, or with what was sent before if that is later.
    /// When they will.
    TimePoint send(std::vector<std::byte> bytes, TimePoint when);
    TimePoint sendEnd(TimePoint when);
    struct Arrived {
        std::size_t bytes = 0;
        bool isEnd = false;
    };
    /// Whatever should have arrived by now does.
    Arrived arrive(TimePoint now);
    /// What is on its way arrives at `when` at the earliest.
    void holdUntil(TimePoint when) noexcept;
    bool isEmpty() const noexcept { return inFlight_.empty(); }

    std::size_t read(std::span<const std::span<std::byte>> into, std::size_t atMost) noexcept;
    /// The last `size` bytes that arrived.
    std::span<const std::byte> newest(std::size_t size) const noexcept;
    /// Loses what is on its way, the end too.
    void drop() noexcept;

private:
    struct Segment {
        TimePoint arrival;
        std::vector<std::byte> bytes;
        bool isEnd = false;
    };

    std::size_t capacity_;
    std::deque<Segment> inFlight_;
    std::size_t inFlightBytes_ = 0;
    TimePoint lastArrival_{};
    std::vector<std::byte> arrived_;
    std::size_t readUpTo_ = 0;
    bool isEnded_ = false;     // the sender has said so
    bool endArrived_ = false;  // the receiver knows
};

}  // namespace tempeh::testing::detail
