#pragma once

#include <cstdint>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEMPEH_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEMPEH_TEST_SANITIZED
#endif
#endif

namespace tempeh::test {

#ifdef TEMPEH_TEST_SANITIZED
inline constexpr bool isSanitized = true;
#else
inline constexpr bool isSanitized = false;
#endif

/// How often a test that repeats itself does so: a tenth where every step costs ten times as much.
constexpr std::uint64_t scaled(std::uint64_t count) {
    return isSanitized ? count / 10 : count;
}

/// A number from the environment.
inline std::uint64_t fromEnvironment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace tempeh::test
