#pragma once

#include "faults/conversation.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tempeh::faults {

/// What a campaign did.
struct Tally {
    std::uint64_t injected = 0;
    std::uint64_t runs = 0;
    std::string wrong;  // empty: nothing
};

/// Runs `scenario` (which gives what was wrong) again and again: the first, the second ... call of each kind
/// fails, with each error it can have, until a run meets no fault any more. A run that crashes or hangs ends
/// the program, after saying which fault it was.
Tally campaign(const std::string& name, std::span<const Kind> kinds,
               const std::function<std::string()>& scenario);

/// Every kind but Allocation and those of the transport contract.
std::span<const Kind> systemCalls() noexcept;
/// Those of the transport contract.
std::span<const Kind> transportCalls() noexcept;

/// One engine for many runs of the same conversation; after each run the bystander works, and nothing is left
/// of messages and descriptors.
class Arena {
public:
    Arena(Home home, Script script, const Options& options = shortTimeouts());
    std::string run();

private:
    std::string settle();

    Script script_;
    Node node_;
    Bystander bystander_;
    std::size_t descriptors_ = 0;
};

/// A new engine for one conversation, from its making to its end. Whatever the constructor throws is fine, if
/// nothing is left of it.
std::string runFresh(Home home, const Script& script);

}  // namespace tempeh::faults
