#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace tempeh::flows::detail {

/// How many clients a server serves at one time, on all of its engines together. Any thread; no lock.
class PeerSeats {
public:
    /// 0: no limit.
    explicit PeerSeats(std::size_t limit) noexcept : limit_(limit) {}
    PeerSeats(const PeerSeats&) = delete;
    PeerSeats& operator=(const PeerSeats&) = delete;

    /// A client's place; given back when destroyed.
    class Seat {
    public:
        Seat() noexcept = default;
        Seat(Seat&& other) noexcept = default;
        Seat& operator=(Seat&&) = delete;
        ~Seat() { giveBack(); }

        void giveBack() noexcept {
            if (const std::shared_ptr<PeerSeats> seats = std::move(seats_))
                seats->taken_.fetch_sub(1, std::memory_order_relaxed);
        }
        /// False: all seats were taken.
        explicit operator bool() const noexcept { return seats_ != nullptr; }

    private:
        friend class PeerSeats;
        explicit Seat(std::shared_ptr<PeerSeats> seats) noexcept : seats_(std::move(seats)) {}
        std::shared_ptr<PeerSeats> seats_;
    };

    /// Empty when all are taken.
    static Seat take(const std::shared_ptr<PeerSeats>& seats) noexcept {
        std::size_t taken = seats->taken_.load(std::memory_order_relaxed);
        do {
            if (seats->limit_ != 0 && taken >= seats->limit_) return {};
        } while (!seats->taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed));
        return Seat(seats);
    }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> taken_{0};
};

}  // namespace tempeh::flows::detail
