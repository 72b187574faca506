#pragma once

#include "server.hpp"

#include <tempeh/tempeh.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace demo {

/// The table of clients and the engine's counters. On a terminal the table is drawn anew in its place;
/// anywhere else it is written once, at the end, as plain text.
class Screen {
public:
    Screen();

    /// The table as it is now; does nothing without a terminal.
    void show(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats);
    /// The table as it stays.
    void showLast(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats);

private:
    void draw(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats);
    std::string row(const ClientRecord& client) const;
    std::string bar(const Latency::Bar& counts) const;

    bool isLive_;
    bool isUtf8_;
    std::size_t linesDrawn_ = 0;
};

/// Writes what the engine counted in that time.
void summarise(const tempeh::EngineStats& stats, std::chrono::duration<double> time);

/// The number with a comma after every three digits.
std::string grouped(std::uint64_t number);

}  // namespace demo
