#pragma once

#include "flows/peer/peer_state.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace tempeh::flows::detail {

class HandlerTask;
using HandlerTaskPtr = std::shared_ptr<HandlerTask>;

/// A server's handler from when its client is accepted to its end: what it takes to cancel and to name it.
class HandlerTask final : public std::enable_shared_from_this<HandlerTask> {
public:
    /// `executor` must be serial(): cancelling and the handler must not run at the same time.
    HandlerTask(PeerPtr peer, asio::any_io_executor executor, std::string name)
        : peer_(peer), executor_(std::move(executor)), name_(std::move(name)) {}
    HandlerTask(const HandlerTask&) = delete;
    HandlerTask& operator=(const HandlerTask&) = delete;
    ~HandlerTask() = default;

    /// The executor itself if it certainly runs one thing at a time (the loop's, a strand), otherwise a
    /// strand on it.
    static asio::any_io_executor serial(const asio::any_io_executor& executor,
                                        const asio::any_io_executor& loops);

    const asio::any_io_executor& executor() const noexcept { return executor_; }
    /// For co_spawn. This object must outlive the coroutine.
    asio::cancellation_slot slot() noexcept { return signal_.slot(); }
    /// Its peer's address.
    const std::string& name() const noexcept { return name_; }
    /// Null at the end.
    PeerPtr peer() const noexcept TEMPEH_EXCLUDES(hubLocked) { return peer_.lock(); }
    /// Ends whatever it waits for with operation_aborted. Any thread.
    void cancel() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Called first of all by its coroutine. A handler cancelled before gets no further.
    void begin() noexcept;

    /// The slot that operations of the handler itself get.
    asio::cancellation_slot ownSlot TEMPEH_GUARDED_BY(hubLocked);
    bool isInStop TEMPEH_GUARDED_BY(hubLocked) = false;  ///< It waits in Server::stop().

private:
    enum class State : std::uint8_t {
        Starting,   ///< The signal must not be touched yet: co_spawn may use it.
        Cancelled,  ///< Cancelled before it began.
        Running,
    };

    const std::weak_ptr<PeerState> peer_;
    const asio::any_io_executor executor_;
    const std::string name_;
    std::atomic<State> state_{State::Starting};
    asio::cancellation_signal signal_;  // on the executor
};

}  // namespace tempeh::flows::detail
