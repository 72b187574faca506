#pragma once

#include <tempeh/core/asio.hpp>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace tempeh::testing::detail {

/// One direction of a connection: bytes in flight, and bytes waiting to be read.
class Pipe {
public:
    explicit Pipe(std::size_t capacity) noexcept : capacity_(capacity) {}

    std::size_t room() const noexcept { return capacity_ - inFlightBytes_ - unreadBytes(); }
    std::size_t inFlightBytes() const noexcept { return inFlightBytes_; }
    std::size_t unreadBytes() const noexcept { return arrived_.size() - readUpTo_; }
    bool hasEndArrived() const noexcept { return endArrived_; }
    bool isEnded() const noexcept { return isEnded_; }
    TimePoint lastArrival() const noexcept { return lastArrival_; }

    /// Sends bytes; there must be room for them. They arrive at `when`, or together with earlier data if that
    /// arrives later. Returns their arrival time.
    TimePoint send(std::vector<std::byte> bytes, TimePoint when);
    TimePoint sendEnd(TimePoint when);
    struct Arrived {
        std::size_t bytes = 0;
        bool isEnd = false;
    };
    /// Delivers everything due by `now`.
    Arrived arrive(TimePoint now);
    /// Delays everything in flight to `when` at the earliest.
    void holdUntil(TimePoint when) noexcept;
    bool isEmpty() const noexcept { return inFlight_.empty(); }

    std::size_t read(std::span<const std::span<std::byte>> into, std::size_t atMost) noexcept;
    /// The last `size` bytes that arrived.
    std::span<const std::byte> newest(std::size_t size) const noexcept;
    /// Loses everything in flight, including the end of stream.
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
    bool isEnded_ = false;     // the sender has ended the stream
    bool endArrived_ = false;  // the receiver has seen the end
};

}  // namespace tempeh::testing::detail
