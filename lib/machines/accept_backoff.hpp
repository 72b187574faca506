#pragma once

#include <chrono>

namespace tempeh::machines {

/// How long a listener pauses after a failed accept (out of descriptors, out of memory), so that it neither
/// spins nor gives up. Contains no clock: the caller waits.
class AcceptBackoff {
public:
    static constexpr std::chrono::milliseconds shortest{5};
    static constexpr std::chrono::milliseconds longest{500};

    struct Pause {
        std::chrono::milliseconds delay;  ///< Accept again after this long.
        bool startsEpisode;               ///< The first failure since a success: the one to report.
    };

    /// An accept failed. The delay doubles from `shortest` up to `longest`.
    Pause onFailure() noexcept;

    /// An accept succeeded. True: this ended an episode of failures.
    bool onSuccess() noexcept;

private:
    std::chrono::milliseconds last_{0};  // 0: no episode
};

}  // namespace tempeh::machines
