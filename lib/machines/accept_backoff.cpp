#include "machines/accept_backoff.hpp"

#include <algorithm>
#include <utility>

namespace tempeh::machines {

using namespace std::chrono_literals;

AcceptBackoff::Pause AcceptBackoff::onFailure() noexcept {
    const bool starts = last_ == 0ms;
    last_ = starts ? shortest : std::min(last_ * 2, longest);
    return {.delay = last_, .startsEpisode = starts};
}

bool AcceptBackoff::onSuccess() noexcept {
    return std::exchange(last_, 0ms) != 0ms;
}

}  // namespace tempeh::machines
