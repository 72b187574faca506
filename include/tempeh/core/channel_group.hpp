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

/// Channels that share one receiver: their messages and statuses all arrive through one waitReceive. A
/// move-only handle. Destroying it closes its channels; what was posted still goes out within
/// Options::lingerTimeout. It may outlive its engine: every call then fails with ShutdownStarted.
///
/// Any thread may make the calls, but not while another moves or destroys the handle. Operations under way
/// survive a move; destroying the group ends waitReceive with operation_aborted.
class TEMPEH_EXPORT ChannelGroup {
public:
    /// An empty handle. Every call except assignment fails with InvalidChannelGroup.
    ChannelGroup() noexcept = default;
    /// For engines. Applications call Ampe::createGroup().
    explicit ChannelGroup(std::shared_ptr<detail::GroupBackend> backend) noexcept;
    /// Moves the handle. Assignment closes the channels of the group held before.
    ChannelGroup(ChannelGroup&&) noexcept = default;
    ChannelGroup& operator=(ChannelGroup&& other) noexcept;
    ~ChannelGroup();

    /// Hands a message to the engine. Any thread; never blocks; allocates nothing in steady state. Returns
    /// the header with channel number and message id, both assigned at once. On success `message` is null,
    /// and the message is either sent whole or comes back through waitReceive with origin Engine and the
    /// reason. On failure the caller keeps it and nothing was sent. Errors: those of an invalid message
    /// (docs/concepts/errors.md), SendQueueFull (see waitWritable), TooManyChannels, ShutdownStarted,
    /// AllocationFailed.
    BinaryHeader post(MessagePtr&& message);
    BinaryHeader post(MessagePtr&& message, error_code& ec) noexcept;

    /// Calls post() for every message in order, at a fraction of the cost per message: a third less on the
    /// engine's own thread, and elsewhere one lock and one wake for all of them. Returns how many were
    /// posted. A message that cannot be posted stays in `messages` with those behind it, and `ec` says why,
    /// as post() does. The throwing form throws after the others were posted.
    std::size_t postAll(MessageQueue& messages);
    std::size_t postAll(MessageQueue& messages, error_code& ec) noexcept;

    /// Returns the group's next message in order of arrival, null at the timeout. A timeout of 0 takes only
    /// what is there; the default has no timeout. Signature: void(error_code, MessagePtr). Any executor. One
    /// receiver at a time; a second gets NotAllowed. Cancellation (all three types, operation_aborted) and
    /// timeout never lose a message. Errors: ShutdownStarted once everything was received; operation_aborted
    /// when the group is destroyed, even if the operation starts only afterwards, as an awaitable may.
    ///
    /// With plain use_awaitable a message that is there is returned at once, without a round trip through the
    /// scheduler. A coroutine that can be cancelled takes the round trip, because its result could be dropped
    /// on the way.
    template <typename Token = asio::use_awaitable_t<>>
    auto waitReceive(Timeout timeout = infinite, Token&& token = Token());
    template <typename Token>
        requires(!std::is_convertible_v<Token, Timeout>)
    auto waitReceive(Token&& token) {
        return waitReceive(infinite, std::forward<Token>(token));
    }

    /// Returns the next message if there is one, null otherwise. Any thread; never waits. Errors:
    /// ShutdownStarted once everything was received, NotAllowed while another receiver waits.
    MessagePtr tryReceive();
    MessagePtr tryReceive(error_code& ec) noexcept;

    /// Returns everything that is there, in order; empty if there is nothing. Otherwise as tryReceive(), at a
    /// fraction of the cost per message: after waitReceive() returned the first message of a burst, this
    /// returns the rest. A ChannelClosed ends the batch and comes alone with the next call. So the messages
    /// before it are handled while its channel number is still valid.
    MessageQueue tryReceiveAll();
    MessageQueue tryReceiveAll(error_code& ec) noexcept;

    /// Completes with true when `channel` accepts messages again (its send queue is at most half full), with
    /// false at the timeout. Signature: void(error_code, bool). Any executor, any number of waiters. Errors:
    /// InvalidChannelNumber, InvalidChannelGroup, ChannelClosed when the channel ends during the wait,
    /// ShutdownStarted.
    template <typename Token = asio::use_awaitable_t<>>
    auto waitWritable(ChannelNumber channel, Timeout timeout = infinite, Token&& token = Token());

    /// Delivers `message` to this group's own receiver with status ReceiverUpdate; without one, an empty
    /// Signal. Any thread; wakes a waiting receiver. Errors: ShutdownStarted; PoolEmpty when
    /// Options::maxPoolMessages of them wait to be received. On failure the caller keeps the message.
    void updateReceiver(MessagePtr&& message = nullptr);
    void updateReceiver(MessagePtr&& message, error_code& ec) noexcept;
    void updateReceiver(error_code& ec) noexcept;

    /// Sets when `channel` is read; the last call counts. Any thread; takes a lock. A pause takes effect at
    /// once on the engine's own thread and soon elsewhere; what was received before still arrives. A channel
    /// that is not read keeps its place and costs nothing. Its peer is slowed down, but is not blamed for an
    /// answer that nobody reads: byeTimeout and frameTimeout start over when reading resumes. Such a channel
    /// does not notice that the peer closes, unless a write fails. Errors: InvalidChannelNumber,
    /// InvalidChannelGroup, NotAllowed for a listener. Does nothing once the channel has ended.
    void setReadMode(ChannelNumber channel, ReadMode mode);
    void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;

    /// From now on, connections that this group's listeners accept become channels of one of `members` each.
    /// The HelloRequest and everything after it arrive in that group, on its engine. Members are meant to be
    /// groups of other Reactors; to share in the connections, this group must be among them. A member that is
    /// closed or gone is skipped; if all are, this group gets the connections again. No members: as if this
    /// had never been called. Without a `policy` the member whose engine has the fewest channels gets the
    /// next connection. The limits of Options (such as maxConnectionsPerListener) count the listener's
    /// connections wherever they went. Any thread; takes a lock; keeps no group alive. A connection changes
    /// engines once, before anything is read from it; that costs some microseconds. Errors:
    /// InvalidChannelGroup for an empty handle.
    void distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy = {});
    void distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy, error_code& ec) noexcept;

    /// A snapshot of a channel. Any thread; takes a lock and allocates. Errors: InvalidChannelNumber,
    /// InvalidChannelGroup.
    ChannelInfo channelInfo(ChannelNumber channel) const;
    ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const;

    /// A snapshot of the counters.
    GroupStats stats() const;

    /// Returns the same group for threads. It shares this group: its calls fail once this handle is gone.
    BlockingChannelGroup blocking() const;

    /// The engine's executor, where handlers without one of their own run.
    asio::any_io_executor executor() const;
    /// The same, under the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }

    /// The time that the timeouts use, as Ampe::now(). Works after the engine is gone. Throws
    /// Error(InvalidChannelGroup) for an empty handle, as stats(), blocking() and executor() do.
    TimePoint now() const;

    /// Whether posting is still possible. False once the engine's shutdown begins or its context ends, and
    /// for an empty handle. Messages that arrived before can still be received. Any thread; takes no lock.
    bool isOpen() const noexcept { return backend_ != nullptr && backend_->isOpen(); }

    /// Writes a warning as one line to the engine's log (Options::logger). Works after the engine is gone.
    /// Any thread. Writes nothing if there is no memory for it, or for an empty handle.
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
