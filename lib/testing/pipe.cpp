#include "testing/pipe.hpp"

#include <algorithm>
#include <utility>

namespace tempeh::testing::detail {

TimePoint Pipe::send(std::vector<std::byte> bytes, TimePoint when) {
    lastArrival_ = std::max(lastArrival_, when);
    inFlightBytes_ += bytes.size();
    inFlight_.push_back({lastArrival_, std::move(bytes), false});
    return lastArrival_;
}

TimePoint Pipe::sendEnd(TimePoint when) {
    lastArrival_ = std::max(lastArrival_, when);
    isEnded_ = true;
    inFlight_.push_back({lastArrival_, {}, true});
    return lastArrival_;
}

Pipe::Arrived Pipe::arrive(TimePoint now) {
    Arrived arrived;
    while (!inFlight_.empty() && inFlight_.front().arrival <= now) {
        const Segment segment = std::move(inFlight_.front());
        inFlight_.pop_front();
        inFlightBytes_ -= segment.bytes.size();
        arrived.bytes += segment.bytes.size();
        arrived_.insert(arrived_.end(), segment.bytes.begin(), segment.bytes.end());
        arrived.isEnd = endArrived_ = endArrived_ || segment.isEnd;
    }
    return arrived;
}

void Pipe::holdUntil(TimePoint when) noexcept {
    for (Segment& segment : inFlight_)
        segment.arrival = std::max(segment.arrival, when);
    lastArrival_ = std::max(lastArrival_, when);
}

std::size_t Pipe::read(std::span<const std::span<std::byte>> into, std::size_t atMost) noexcept {
    std::size_t total = 0;
    for (const std::span<std::byte> part : into) {
        const std::size_t size = std::min({part.size(), atMost - total, unreadBytes()});
        std::copy_n(arrived_.begin() + static_cast<std::ptrdiff_t>(readUpTo_), size, part.begin());
        readUpTo_ += size;
        total += size;
    }
    if (readUpTo_ == arrived_.size()) {
        arrived_.clear();
        readUpTo_ = 0;
    }
    return total;
}

std::span<const std::byte> Pipe::newest(std::size_t size) const noexcept {
    return std::span<const std::byte>(arrived_).last(size);
}

void Pipe::drop() noexcept {
    inFlight_.clear();
    inFlightBytes_ = 0;
}

}  // namespace tempeh::testing::detail
