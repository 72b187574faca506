// The rests between failed accepts: one bit of the input an accept.

#include "machines/accept_backoff.hpp"

#include "fuzz/support/fuzz_target.hpp"

TEMPEH_FUZZ_TARGET(accept_backoff) {
    using tempeh::machines::AcceptBackoff;
    AcceptBackoff backoff;
    auto last = std::chrono::milliseconds::zero();
    for (const std::byte accepts : input) {
        for (unsigned bit = 0; bit != 8; ++bit) {
            const bool isInEpisode = last != std::chrono::milliseconds::zero();
            if ((accepts >> bit & std::byte{1}) != std::byte{0}) {
                FUZZ_CHECK(backoff.onSuccess() == isInEpisode);
                last = std::chrono::milliseconds::zero();
                continue;
            }
            const AcceptBackoff::Pause pause = backoff.onFailure();
            FUZZ_CHECK(pause.startsEpisode == !isInEpisode);
            FUZZ_CHECK(pause.delay >= AcceptBackoff::shortest && pause.delay <= AcceptBackoff::longest);
            FUZZ_CHECK(pause.delay > last || last == AcceptBackoff::longest);
            last = pause.delay;
        }
    }
}
