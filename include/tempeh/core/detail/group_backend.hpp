#pragma once

#include <tempeh/core/accept_policy.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/detail/context_life.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/core/stats.hpp>
#include <tempeh/message/message_queue.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tempeh::detail {

class GroupBackend;

struct WaiterDeadlineTag;
struct WaiterCancelTag;
/// waitWritable: its place among those of its channel by deadline, and among those that were cancelled.
using WaiterDeadlineHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<WaiterDeadlineTag>,
                                    boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                    boost::intrusive::optimize_size<true>>;
using WaiterCancelHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<WaiterCancelTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The context of an executor; null for one that does not tell.
template <typename Executor>
asio::execution_context* contextOf(const Executor& executor) noexcept {
    if constexpr (requires {
                      {
                          asio::query(executor, asio::execution::context)
                      } -> std::convertible_to<asio::execution_context&>;
                  })
        return &static_cast<asio::execution_context&>(asio::query(executor, asio::execution::context));
    else
        return nullptr;
}

/// A suspended waitReceive or waitWritable. Owned by whoever holds the only reference: the backend while it
/// waits, the resumption on its way through the handler's executor afterwards.
class TEMPEH_EXPORT Waiter
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>,
      public WaiterDeadlineHook,
      public WaiterCancelHook {
public:
    /// Resumes the handler through its executor. `inlineAllowed`: the caller is the engine at a place where
    /// user code may run, so that no scheduler round trip is needed on the same executor. Consumes the
    /// waiter.
    virtual void resume(bool inlineAllowed) noexcept = 0;

    /// Whether resume(true) would run the handler before it returns. Then the backend may hand it its message
    /// along with resumeWith() and need not be asked for it.
    virtual bool resumesInline() const noexcept { return false; }
    virtual void resumeWith(MessagePtr message) noexcept;

    /// The handler's context is going: destroys the handler instead. Consumes the waiter.
    virtual void abandon() noexcept;

    /// Backend: why the operation ends without a result.
    error_code abortReason;
    /// Backend: the timeout passed.
    bool timedOut = false;
    /// Backend: resume() has been called and the handler has not run yet.
    bool resuming = false;
    /// Where the handler runs; null: nobody knows.
    asio::execution_context* context = nullptr;
    /// Backend, waitReceive: of that context, entered when it is resumed; null for the engine's own.
    ContextLife* life = nullptr;
    /// Steady time of the timeout; TimePoint::max() for none.
    TimePoint deadline = TimePoint::max();
    /// waitWritable: what for, and whose.
    ChannelNumber channel = 0;
    const GroupBackend* group = nullptr;
    /// waitWritable, under the engine's lock: cancelled, perhaps before the engine had it; among those of its
    /// channel.
    bool isCancelled = false;
    bool isRegistered = false;

protected:
    ~Waiter() = default;
};

/// While an executor is given the resumption of a waiter: whether the executor threw it away, which it does
/// when it finds no memory (the waiter is to be resumed again) or its context is gone.
class TEMPEH_EXPORT ResumptionWatch {
public:
    explicit ResumptionWatch(const void* waiter) noexcept;
    ~ResumptionWatch();
    ResumptionWatch(const ResumptionWatch&) = delete;
    ResumptionWatch& operator=(const ResumptionWatch&) = delete;

    bool wasDropped() const noexcept { return wasDropped_; }
    /// For the resumption's destructor: true when a watch of this thread takes care of the waiter.
    static bool noteDropped(const void* waiter) noexcept;

private:
    const void* const waiter_;
    ResumptionWatch* const outer_;
    bool wasDropped_ = false;
};

/// What stands behind a ChannelGroup. Implemented by engines; every call may come from any thread.
class TEMPEH_EXPORT GroupBackend : public std::enable_shared_from_this<GroupBackend> {
public:
    virtual ~GroupBackend();

    virtual BinaryHeader post(MessagePtr& message, error_code& ec) noexcept = 0;
    /// post() of one after the other; how many. What could not be posted, and what is behind it, stays.
    virtual std::size_t postAll(MessageQueue& messages, error_code& ec) noexcept = 0;
    virtual void updateReceiver(MessagePtr& message, error_code& ec) noexcept = 0;
    /// NotImplementedYet unless the engine can.
    virtual void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;
    /// NotImplementedYet where an engine has no way to hand connections over.
    virtual void distributeTo(const std::vector<std::shared_ptr<GroupBackend>>& members, AcceptPolicy policy,
                              error_code& ec) noexcept;
    virtual ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const = 0;
    virtual GroupStats stats() const = 0;
    /// False: post() fails with ShutdownStarted from now on.
    virtual bool isOpen() const noexcept = 0;
    /// Closes the channels; what is posted still goes out within Options::lingerTimeout.
    virtual void close() noexcept = 0;

    /// False now and then, when a receiver that never suspends would keep others on its thread from running.
    virtual bool mayReceiveAtOnce() noexcept = 0;
    /// The next message if one is there; null otherwise.
    virtual MessagePtr tryReceive(error_code& ec) noexcept = 0;
    /// Everything that is there, up to the next ChannelClosed; empty when there is nothing.
    virtual MessageQueue tryReceiveAll(error_code& ec) noexcept = 0;
    /// Registers the waiter, or resumes it (never inline) when there is something already, or with
    /// NotAllowed.
    virtual void startReceive(Waiter& waiter, Duration timeout) noexcept = 0;
    /// In the handler's executor: the outcome. False: nothing yet after all, the waiter is registered again.
    virtual bool finishReceive(Waiter& waiter, MessagePtr& message, error_code& ec) noexcept = 0;
    /// Ends the wait with operation_aborted unless it has been finished. Never resumes inline.
    virtual void cancelReceive(Waiter& waiter) noexcept = 0;
    /// The waiter was resumed and its executor went away before the handler ran.
    virtual void forgetReceive(Waiter& waiter) noexcept = 0;
    virtual MessagePtr receiveBlocking(Duration timeout, error_code& ec) noexcept = 0;

    virtual void startWritable(Waiter& waiter, ChannelNumber channel, Duration timeout) noexcept = 0;
    /// Ends the wait with operation_aborted unless it has been resumed. Never resumes inline.
    virtual void cancelWritable(Waiter& waiter, ChannelNumber channel) noexcept = 0;
    virtual bool writableBlocking(ChannelNumber channel, Duration timeout, error_code& ec) noexcept = 0;

    /// Calls resume(false) again later: the executor had no memory for it.
    virtual void resumeLater(Waiter& waiter) noexcept;

    /// Where handlers without an executor of their own run; the system executor once the engine is gone.
    virtual asio::any_io_executor executor() const noexcept = 0;
    /// Whether a handler of that executor may run inside the engine's own work; cheap.
    virtual bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept = 0;
    /// The engine's time; also once the engine is gone.
    virtual TimePoint now() const noexcept = 0;
    /// A warning in the engine's log; also once the engine is gone. Nothing by default.
    virtual void logWarning(std::string_view text) const noexcept;
};

}  // namespace tempeh::detail
