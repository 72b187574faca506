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
/// The place of a waitWritable among those of its channel by deadline, and among the cancelled ones.
using WaiterDeadlineHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<WaiterDeadlineTag>,
                                    boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                    boost::intrusive::optimize_size<true>>;
using WaiterCancelHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<WaiterCancelTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The context of an executor; null for one that does not provide it.
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

/// A suspended waitReceive or waitWritable. The holder of the only reference owns it: the backend while it
/// waits, then the resumption on its way through the handler's executor.
class TEMPEH_EXPORT Waiter
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>,
      public WaiterDeadlineHook,
      public WaiterCancelHook {
public:
    /// Resumes the handler through its executor. `inlineAllowed`: the engine calls this where user code may
    /// run, so on the same executor no scheduler round trip is needed. Consumes the waiter.
    virtual void resume(bool inlineAllowed) noexcept = 0;

    /// Whether resume(true) would run the handler before it returns. If so, the backend may pass the message
    /// along with resumeWith() and is not asked for it.
    virtual bool resumesInline() const noexcept { return false; }
    virtual void resumeWith(MessagePtr message) noexcept;

    /// The handler's context is being destroyed: destroys the handler instead. Consumes the waiter.
    virtual void abandon() noexcept;

    /// Set by the backend: why the operation ends without a result.
    error_code abortReason;
    /// Set by the backend: the timeout passed.
    bool timedOut = false;
    /// Set by the backend: resume() was called and the handler has not run yet.
    bool resuming = false;
    /// Where the handler runs; null if that is not known.
    asio::execution_context* context = nullptr;
    /// Set by the backend for waitReceive: the life of that context, entered when the waiter is resumed. Null
    /// for the engine's own context.
    ContextLife* life = nullptr;
    /// The timeout on the steady clock; TimePoint::max() for none.
    TimePoint deadline = TimePoint::max();
    /// For waitWritable: the channel, and the group that waits.
    ChannelNumber channel = 0;
    const GroupBackend* group = nullptr;
    /// For waitWritable, under the engine's lock. Cancelled, perhaps before the engine had it; registered
    /// with its channel.
    bool isCancelled = false;
    bool isRegistered = false;

protected:
    ~Waiter() = default;
};

/// Watches whether an executor dropped the resumption of a waiter that it was given. An executor does so when
/// it finds no memory (the waiter must then be resumed again), or when its context is gone.
class TEMPEH_EXPORT ResumptionWatch {
public:
    explicit ResumptionWatch(const void* waiter) noexcept;
    ~ResumptionWatch();
    ResumptionWatch(const ResumptionWatch&) = delete;
    ResumptionWatch& operator=(const ResumptionWatch&) = delete;

    bool wasDropped() const noexcept { return wasDropped_; }
    /// For the resumption's destructor. True: a watch on this thread takes care of the waiter.
    static bool noteDropped(const void* waiter) noexcept;

private:
    const void* const waiter_;
    ResumptionWatch* const outer_;
    bool wasDropped_ = false;
};

/// The implementation of a ChannelGroup, provided by engines. Any thread may make every call.
class TEMPEH_EXPORT GroupBackend : public std::enable_shared_from_this<GroupBackend> {
public:
    virtual ~GroupBackend();

    virtual BinaryHeader post(MessagePtr& message, error_code& ec) noexcept = 0;
    /// Calls post() for one after the other and returns how many were posted. The first that could not be
    /// posted stays, with those behind it.
    virtual std::size_t postAll(MessageQueue& messages, error_code& ec) noexcept = 0;
    virtual void updateReceiver(MessagePtr& message, error_code& ec) noexcept = 0;
    /// NotImplementedYet unless the engine supports it.
    virtual void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;
    /// NotImplementedYet unless the engine can hand connections over.
    virtual void distributeTo(const std::vector<std::shared_ptr<GroupBackend>>& members, AcceptPolicy policy,
                              error_code& ec) noexcept;
    virtual ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const = 0;
    virtual GroupStats stats() const = 0;
    /// False: post() fails with ShutdownStarted from now on.
    virtual bool isOpen() const noexcept = 0;
    /// Closes the channels. What was posted still goes out within Options::lingerTimeout.
    virtual void close() noexcept = 0;

    /// Now and then false, so that a receiver that never suspends does not keep others on its thread from
    /// running.
    virtual bool mayReceiveAtOnce() noexcept = 0;
    /// The next message if there is one; null otherwise.
    virtual MessagePtr tryReceive(error_code& ec) noexcept = 0;
    /// Everything that is there, up to the next ChannelClosed; empty if there is nothing.
    virtual MessageQueue tryReceiveAll(error_code& ec) noexcept = 0;
    /// Registers the waiter. If there is something already, or with NotAllowed, resumes it instead (never
    /// inline).
    virtual void startReceive(Waiter& waiter, Duration timeout) noexcept = 0;
    /// Called in the handler's executor: returns the outcome. False: there is nothing after all, and the
    /// waiter is registered again.
    virtual bool finishReceive(Waiter& waiter, MessagePtr& message, error_code& ec) noexcept = 0;
    /// Ends the wait with operation_aborted unless it was finished. Never resumes inline.
    virtual void cancelReceive(Waiter& waiter) noexcept = 0;
    /// The waiter was resumed, and its executor went away before the handler ran.
    virtual void forgetReceive(Waiter& waiter) noexcept = 0;
    virtual MessagePtr receiveBlocking(Duration timeout, error_code& ec) noexcept = 0;

    virtual void startWritable(Waiter& waiter, ChannelNumber channel, Duration timeout) noexcept = 0;
    /// Ends the wait with operation_aborted unless it was resumed. Never resumes inline.
    virtual void cancelWritable(Waiter& waiter, ChannelNumber channel) noexcept = 0;
    virtual bool writableBlocking(ChannelNumber channel, Duration timeout, error_code& ec) noexcept = 0;

    /// Calls resume(false) again later, because the executor had no memory for it.
    virtual void resumeLater(Waiter& waiter) noexcept;

    /// Where handlers without an executor of their own run; the system executor once the engine is gone.
    virtual asio::any_io_executor executor() const noexcept = 0;
    /// Whether a handler of that executor may run inside the engine's own work. Cheap.
    virtual bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept = 0;
    /// The engine's time. Works after the engine is gone.
    virtual TimePoint now() const noexcept = 0;
    /// Writes a warning to the engine's log. Works after the engine is gone. Does nothing by default.
    virtual void logWarning(std::string_view text) const noexcept;
};

}  // namespace tempeh::detail
