#pragma once

#include "actors/cell.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tempeh::actors::detail {

class TopicCore;

/// What most actors do not have: watchers, timers, tasks. Its cell's worker alone.
class CellExtra {
public:
    /// A timer of the actor.
    class Timer final : public Deadline {
    public:
        Timer(Cell& cell, std::uint64_t number, EnvelopePtr message, Duration period) noexcept
            : cell_(cell), message_(std::move(message)), number_(number), period_(period) {
            passed = &Timer::onPassed;
        }
        std::uint64_t number() const noexcept { return number_; }

    private:
        static void onPassed(Deadline& deadline, Worker& worker) noexcept;

        Cell& cell_;
        EnvelopePtr message_;
        const std::uint64_t number_;
        const Duration period_;  // zero: once
    };

    struct Watcher {
        CellRef cell;
        EnvelopePtr down;  // made beforehand, so that the news always arrives
    };

    /// Ends the handler that does not end by itself.
    class StopDeadline final : public Deadline {
    public:
        Cell* cell = nullptr;
    };

    std::vector<Watcher> watchers;
    std::vector<CellRef> watched;  // until it is told
    std::vector<std::shared_ptr<TopicCore>> topics;
    std::vector<std::unique_ptr<Timer>> timers;
    std::uint64_t lastTimer = 0;
    Runner* firstTask = nullptr;
    NodeQueue<Node> waitingForRoom;
    std::string endText;
    StopDeadline stopDeadline;
};

}  // namespace tempeh::actors::detail
