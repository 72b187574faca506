#pragma once

#include <tempeh/core/asio.hpp>

#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>

namespace tempeh::flows::detail {

/// For a thread that waits for the engine without a deadline of its own: checks whether anything runs the
/// engine at all.
class EngineProbe {
public:
    /// The time between two checks.
    static constexpr Duration interval = std::chrono::seconds(1);

    explicit EngineProbe(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Call it once per interval. False: the engine has not moved in several intervals.
    bool isAlive() {
        constexpr int patience = 5;
        if (hasAnswered_->exchange(false)) {
            silent_ = 0;
            asio::post(executor_, [answer = hasAnswered_] { answer->store(true); });
            return true;
        }
        return ++silent_ < patience;
    }

private:
    const asio::any_io_executor executor_;
    const std::shared_ptr<std::atomic<bool>> hasAnswered_ = std::make_shared<std::atomic<bool>>(true);
    int silent_ = 0;
};

}  // namespace tempeh::flows::detail
