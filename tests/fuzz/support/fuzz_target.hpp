#pragma once

#include <cstddef>
#include <span>

/// One fuzz target a file: `TEMPEH_FUZZ_TARGET(name) { ... input ... }`. Built with libFuzzer it is the entry
/// point, otherwise one of the targets that the replay program knows. A target breaks its process when an
/// invariant does not hold.
namespace tempeh::fuzz {

using Bytes = std::span<const std::byte>;
using Function = void (*)(Bytes input);

[[noreturn]] void fail(const char* condition, const char* file, int line) noexcept;

struct Registration {
    Registration(const char* targetName, Function targetFunction) noexcept;

    const char* name;
    Function function;
    Registration* next;
};

/// The targets linked into this program, the first of a list.
Registration*& registrations() noexcept;

/// The target under way, for the message of fail().
const char*& currentTarget() noexcept;

}  // namespace tempeh::fuzz

/// Stays in optimised builds.
#define FUZZ_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::tempeh::fuzz::fail(#condition, __FILE__, __LINE__))

#define TEMPEH_FUZZ_TARGET(target)                                                    \
    static void target##Target(::tempeh::fuzz::Bytes input);                          \
    static const ::tempeh::fuzz::Registration registration{#target, &target##Target}; \
    static void target##Target([[maybe_unused]] ::tempeh::fuzz::Bytes input)
