#pragma once

#include "support/hostile_peer/connection.hpp"

#include <chrono>
#include <random>
#include <span>
#include <string_view>

namespace tempeh::test::hostile {

/// What a kind has to work with, for as long as it runs.
struct Session {
    Target target;
    std::chrono::steady_clock::time_point end;
    unsigned connections = 0;               ///< 0: as the kind would.
    std::chrono::milliseconds interval{0};  ///< Between two steps of a connection; 0: as the kind would.
    Tally& tally;
    std::minstd_rand random;

    bool isOver() const { return std::chrono::steady_clock::now() >= end; }
    Connection connect() {
        Connection connection(target.connect(), tally);
        ++(connection.isOpen() ? tally.connections : tally.refused);
        return connection;
    }
};

/// A way to be a nuisance.
struct Kind {
    using Step = bool (*)(Connection&, unsigned step, Session&);
    using Run = void (*)(Session&);

    std::string_view name;
    std::string_view what;
    unsigned connections;                ///< At one time.
    std::chrono::milliseconds interval;  ///< Between two steps of each.
    /// What a connection does next, counted from 0; false: close it, and make another one. Null: see `run`.
    Step step;
    Run run = nullptr;
};

/// All there are.
std::span<const Kind> allKinds();

/// Goes on until the session ends. The calling process belongs to the kind: it may be stopped for a while.
void run(const Kind& kind, Session session);

}  // namespace tempeh::test::hostile
