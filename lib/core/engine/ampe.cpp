#include "base/entropy.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/channel_group.hpp>

#include <chrono>

namespace tempeh {

Ampe::~Ampe() = default;

ChannelGroup Ampe::createGroup() {
    error_code ec;
    ChannelGroup group = createGroup(ec);
    if (ec) throw Error(ec);
    return group;
}

ShutdownReport Ampe::shutdown(Timeout deadline) {
    error_code ec;
    ShutdownReport report = shutdown(deadline, ec);
    if (ec) throw Error(ec);
    return report;
}

TimePoint Ampe::now() const noexcept {
    return std::chrono::steady_clock::now();
}

std::uint64_t Ampe::randomSeed() {
    return base::entropySeed();
}

}  // namespace tempeh
