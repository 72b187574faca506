#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/message/message_queue.hpp>

#include <memory>

namespace tempeh {

namespace detail {
class GroupBackend;
}

/// A group for threads: calls that block. Copies share the group. Once the ChannelGroup it came from is gone,
/// posting fails with InvalidChannelGroup and receiving with operation_aborted. On the engine's own thread
/// the calls that wait fail with NotAllowed, because they would stop the engine they wait for. After a move
/// every call fails with InvalidChannelGroup.
class TEMPEH_EXPORT BlockingChannelGroup {
public:
    /// For engines. Applications call ChannelGroup::blocking().
    explicit BlockingChannelGroup(std::shared_ptr<detail::GroupBackend> backend) noexcept;

    /// As ChannelGroup::post().
    BinaryHeader post(MessagePtr&& message) const;
    BinaryHeader post(MessagePtr&& message, error_code& ec) const noexcept;

    /// As ChannelGroup::postAll().
    std::size_t postAll(MessageQueue& messages) const;
    std::size_t postAll(MessageQueue& messages, error_code& ec) const noexcept;

    /// Returns the next message, null at the timeout. One receiver at a time; a second gets NotAllowed.
    /// Errors: ShutdownStarted once everything was received, operation_aborted when the group is destroyed
    /// during the wait. With Options::busyPoll it polls that long before it sleeps.
    MessagePtr waitReceive(Timeout timeout = infinite) const;
    MessagePtr waitReceive(Timeout timeout, error_code& ec) const noexcept;

    /// As ChannelGroup::tryReceive().
    MessagePtr tryReceive() const;
    MessagePtr tryReceive(error_code& ec) const noexcept;
    MessageQueue tryReceiveAll() const;
    MessageQueue tryReceiveAll(error_code& ec) const noexcept;

    /// Returns true when `channel` accepts messages again, false at the timeout. Errors as
    /// ChannelGroup::waitWritable().
    bool waitWritable(ChannelNumber channel, Timeout timeout = infinite) const;
    bool waitWritable(ChannelNumber channel, Timeout timeout, error_code& ec) const noexcept;

    /// As ChannelGroup::updateReceiver().
    void updateReceiver(MessagePtr&& message = nullptr) const;
    void updateReceiver(MessagePtr&& message, error_code& ec) const noexcept;

    /// As ChannelGroup::setReadMode().
    void setReadMode(ChannelNumber channel, ReadMode mode) const;
    void setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) const noexcept;

    /// As ChannelGroup::channelInfo().
    ChannelInfo channelInfo(ChannelNumber channel) const;
    ChannelInfo channelInfo(ChannelNumber channel, error_code& ec) const;

private:
    bool isEmpty(error_code& ec) const noexcept;

    std::shared_ptr<detail::GroupBackend> backend_;
};

}  // namespace tempeh
