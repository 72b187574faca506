#pragma once

#include <tempeh/core/accept_policy.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/wait_operation.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/core/stats.hpp>
#include <tempeh/message/message_queue.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempeh {

class BlockingChannelGroup;

/// Channels that share one receiver: messages and statuses of all of them arrive through one waitReceive. A
/// move-only handle; destroying it closes its channels (what was posted still goes out within
/// Options::lingerTimeout). May outlive its engine: every call then fails with ShutdownStarted.
class TEMPEH_EXPORT ChannelGroup {
public:
    /// An empty handle; every call but assignment fails with InvalidChannelGroup.
    ChannelGroup() noexcept = default;
    /// For engines; applications call Ampe::createGroup().
    explicit ChannelGroup(std::shared_ptr<detail::GroupBackend> backend) noexcept;
    /// Moves the handle; assignment closes the channels of the group held before.
    ChannelGroup(ChannelGroup&&) noexcept = default;
    ChannelGroup& operator=(ChannelGroup&& other) noexcept;
    ~ChannelGroup();

    /// Hands a message to the engine: any thread, never blocks, nothing allocated in steady state. Gives the
    /// header with channel number and message id, both assigned at once. On success `message` is null and the
    /// message is sent whole or comes back through waitReceive with origin Engine and the reason; on failure
    /// the caller keeps it and nothing was sent. Errors: what is wrong with the message
    /// (docs/concepts/errors.md), SendQueueFull (see waitWritable), TooManyChannels, ShutdownStarted,
    /// AllocationFailed.
    BinaryHeader post(MessagePtr&& message);
    BinaryHeader post(MessagePtr&& message, error_code& ec) noexcept;

    /// post() of every message, in order, at a fraction of the cost for each: on the engine's thread a third
    /// less, elsewhere one lock and one wake for all. Gives how many; one that cannot be posted (`ec` says
    /// why, as post() does; the throwing form throws after the others were posted) and those behind it stay.
    std::size_t postAll(MessageQueue& messages);
    std::size_t postAll(MessageQueue& messages, error_code& ec) noexcept;

    /// The next message for this group, in order of arrival; null at the timeout (0: only what is there;
    /// default: no timeout). Any executor, one receiver at a time (a second gets NotAllowed). Cancellation
    /// (all three types: operation_aborted) and timeout never lose a message. Errors: ShutdownStarted once
    /// everything is drained. A group that is destroyed ends it with operation_aborted, also when it is
    /// started only afterwards, as an awaitable may be. Signature: void(error_code, MessagePtr). Under plain
    /// use_awaitable a message that is there is given at once without a scheduler round trip, unless the
    /// coroutine can be cancelled (then its result could be dropped on the way, so it goes through the
    /// executor).
    template <typename Token = asio::use_awaitable_t<>>
    auto waitReceive(Timeout timeout = infinite, Token&& token = Token());
    template <typename Token>
        requires(!std::is_convertible_v<Token, Timeout>)
    auto waitReceive(Token&& token) {
        return waitReceive(infinite, std::forward<Token>(token));
    }

    /// The next message if one is there, null otherwise; any thread, never waits. Errors: ShutdownStarted
    /// once drained, NotAllowed while another receiver waits.
    MessagePtr tryReceive();
    MessagePtr tryReceive(error_code& ec) noexcept;

    /// Everything that is there at once, in order; empty when there is nothing. As tryReceive() otherwise, at
    /// a fraction of the cost per message: after waitReceive() has given the first of a burst, this gives the
    /// rest. A ChannelClosed ends what is given at one time: it comes alone, with the next call, so that what
    /// came before it is worked off while its channel number is still valid.
    MessageQueue tryReceiveAll();
    MessageQueue tryReceiveAll(error_code& ec) noexcept;

    /// Completes with true when `channel` takes messages again (its send queue is at most half full), false
    /// at the timeout. Any executor, any number of waiters. Errors: InvalidChannelNumber,
    /// InvalidChannelGroup, ChannelClosed when it ends meanwhile, ShutdownStarted. Signature:
    /// void(error_code, bool).
    template <typename Token = asio::use_awaitable_t<>>
    auto waitWritable(ChannelNumber channel, Timeout timeout = infinite, Token&& token = Token());

    /// Delivers `message` (without one: an empty Signal) to this group's own receiver with status
    /// ReceiverUpdate. Any thread; wakes a waiting receiver. Errors: ShutdownStarted; PoolEmpty when
    /// Options::maxPoolMessages of them wait to be received. The caller then keeps the message.
    void updateReceiver(MessagePtr&& message = nullptr);
    void updateReceiver(MessagePtr&& message, error_code& ec) noexcept;
    void updateReceiver(error_code& ec) noexcept;

    /// Says when `channel` is read; the last call counts. Any thread; takes a lock. On the engine's own
    /// thread a pause holds at once, elsewhere soon: what was received before still comes. A channel that is
    /// not read keeps its place and costs nothing meanwhile; its peer is slowed down and is not blamed for an
    /// answer that nobody reads (byeTimeout, frameTimeout begin anew when reading goes on). It does not
    /// notice either that the peer closes, unless a write fails. Errors: InvalidChannelNumber,
    /// InvalidChannelGroup, NotAllowed for a listener. Does nothing once the channel has ended.
    void setReadMode(ChannelNumber channel, ReadMode mode);
    void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;

    /// Connections that listeners of this group accept from now on become channels of `members` instead, each
    /// of one of them, and say so there: the HelloRequest and all that follows arrive in that group, on its
    /// engine. Members may be groups of other Reactors (that is what it is for), this group among them if it
    /// is to have some; one that is closed or gone is passed over, and when all are, this group gets them
    /// again. No members: as if it had never been called. Without a `policy` the member whose engine has the
    /// fewest channels gets the next one. The limits of Options (maxConnectionsPerListener and the like)
    /// count the listener's connections wherever they went. Any thread; takes a lock, keeps no group alive. A
    /// connection changes engines once, before anything of it is read: some microseconds. Errors:
    /// InvalidChannelGroup for an empty handle.
    void distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy = {});
    void distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy, error_code& ec) noexcept;

    /// A snapshot of a channel. Any thread; takes a lock and allocates. Errors: InvalidChannelNumber,
    /// InvalidChannelGroup.
    ChannelInfo channelInfo(ChannelNumber channel) const;
    ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const;

    /// A snapshot of the counters.
    GroupStats stats() const;

    /// The same group for threads. Shares it: the facade's calls fail once this handle is gone.
    BlockingChannelGroup blocking() const;

    /// The executor beside the sockets, where handlers without one of their own run.
    asio::any_io_executor executor() const;
    /// The same, by the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }

    /// The time that the timeouts run by, as Ampe::now(); usable after the engine is gone. Throws
    /// Error(InvalidChannelGroup) for an empty handle, as stats(), blocking() and executor() do.
    TimePoint now() const;

    /// Whether posting is still possible: false from the beginning of the engine's shutdown, or the end of
    /// its context, on, and for an empty handle. What arrived before can still be received. Any thread, no
    /// lock.
    bool isOpen() const noexcept { return backend_ != nullptr && backend_->isOpen(); }

    /// Writes a warning to the engine's log (Options::logger), as one line; usable after the engine is gone.
    /// Any thread. Says nothing where there is no memory for it, nor for an empty handle.
    void logWarning(std::string_view text) const noexcept;

    /// False for an empty handle.
    explicit operator bool() const noexcept { return backend_ != nullptr; }

private:
    detail::GroupBackend& backend() const;

    std::shared_ptr<detail::GroupBackend> backend_;
};

template <typename Token>
auto ChannelGroup::waitReceive(Timeout timeout, Token&& token) {
    if constexpr (std::is_same_v<std::decay_t<Token>, asio::use_awaitable_t<>>) {
        (void)token;
        return detail::receiveAwaitable(backend_, timeout);
    } else {
        return detail::asyncReceive(backend_, timeout, std::forward<Token>(token));
    }
}

template <typename Token>
auto ChannelGroup::waitWritable(ChannelNumber channel, Timeout timeout, Token&& token) {
    if constexpr (std::is_same_v<std::decay_t<Token>, asio::use_awaitable_t<>>) {
        (void)token;
        return detail::writableAwaitable(backend_, channel, timeout);
    } else {
        return detail::asyncWritable(backend_, channel, timeout, std::forward<Token>(token));
    }
}

}  // namespace tempeh
