#pragma once

#include <tempeh/actors/errc.hpp>
#include <tempeh/base/duration.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tempeh::actors {

/// A message that reached nobody.
struct DeadLetter {
    std::string from;     ///< Empty: no actor sent it.
    std::string to;       ///< Whom it was for.
    std::string message;  ///< The name of its type.
    /// Why it reached nobody.
    Errc reason = Errc::Stopped;
    /// On the system's clock.
    TimePoint when;
};

/// A snapshot of what a system could not deliver.
struct DeadLetters {
    /// Since the system began.
    std::uint64_t total = 0;
    std::array<std::uint64_t, 10> byReason{};  ///< Indexed by Errc.
    std::vector<DeadLetter> last;              ///< The last ones, oldest first: SystemOptions::deadLetters.

    /// Those with that reason.
    std::uint64_t of(Errc reason) const noexcept { return byReason[static_cast<std::size_t>(reason)]; }
};

/// An actor that did not end in time.
struct Straggler {
    /// As Ref::name().
    std::string name;
    std::string waitsFor;  ///< What its handler does, for how long, and what it waits for.
};

/// How stopping a system went.
struct StopReport {
    bool complete = true;  ///< Every actor has ended.
    /// Those that have not.
    std::vector<Straggler> stragglers;
};

}  // namespace tempeh::actors
