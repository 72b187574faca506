#include "fuzz/support/fuzz_target.hpp"

#include <cstdio>
#include <cstdlib>

namespace tempeh::fuzz {

Registration*& registrations() noexcept {
    static Registration* first = nullptr;
    return first;
}

const char*& currentTarget() noexcept {
    static const char* name = "";
    return name;
}

Registration::Registration(const char* targetName, Function targetFunction) noexcept
    : name(targetName), function(targetFunction), next(registrations()) {
    registrations() = this;
}

void fail(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s: does not hold: %s (%s:%d)\n", currentTarget(), condition, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace tempeh::fuzz
