#include "core/group/errors.hpp"

#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <string>

namespace tempeh {

using core::describe;
using core::throwIf;

BlockingChannelGroup::BlockingChannelGroup(std::shared_ptr<detail::GroupBackend> backend) noexcept
    : backend_(std::move(backend)) {}

/// True for a handle that was moved from.
bool BlockingChannelGroup::isEmpty(error_code& ec) const noexcept {
    if (backend_ == nullptr) ec = Status::InvalidChannelGroup;
    return backend_ == nullptr;
}

BinaryHeader BlockingChannelGroup::post(MessagePtr&& message) const {
    error_code ec;
    const BinaryHeader header = post(std::move(message), ec);
    if (ec && message != nullptr)
        // NOLINTNEXTLINE(bugprone-use-after-move): a failed post leaves the message here
        throw Error(ec, describe(*message, ec, backend_.get()));
    throwIf(ec);
    return header;
}

BinaryHeader BlockingChannelGroup::post(MessagePtr&& message, error_code& ec) const noexcept {
    if (isEmpty(ec)) return {};
    return backend_->post(message, ec);
}

std::size_t BlockingChannelGroup::postAll(MessageQueue& messages) const {
    error_code ec;
    const std::size_t posted = postAll(messages, ec);
    if (ec && !messages.empty()) throw Error(ec, describe(*messages.front(), ec, backend_.get()));
    throwIf(ec);
    return posted;
}

std::size_t BlockingChannelGroup::postAll(MessageQueue& messages, error_code& ec) const noexcept {
    if (isEmpty(ec)) return 0;
    return backend_->postAll(messages, ec);
}

MessagePtr BlockingChannelGroup::waitReceive(Timeout timeout) const {
    error_code ec;
    MessagePtr message = waitReceive(timeout, ec);
    if (ec && backend_ != nullptr) throw Error(ec, core::whyNotAllowed(ec, *backend_));
    throwIf(ec);
    return message;
}

MessagePtr BlockingChannelGroup::waitReceive(Timeout timeout, error_code& ec) const noexcept {
    if (isEmpty(ec)) return nullptr;
    return backend_->receiveBlocking(timeout, ec);
}

MessagePtr BlockingChannelGroup::tryReceive() const {
    error_code ec;
    MessagePtr message = tryReceive(ec);
    throwIf(ec);
    return message;
}

MessagePtr BlockingChannelGroup::tryReceive(error_code& ec) const noexcept {
    if (isEmpty(ec)) return nullptr;
    return backend_->tryReceive(ec);
}

MessageQueue BlockingChannelGroup::tryReceiveAll() const {
    error_code ec;
    MessageQueue messages = tryReceiveAll(ec);
    throwIf(ec);
    return messages;
}

MessageQueue BlockingChannelGroup::tryReceiveAll(error_code& ec) const noexcept {
    if (isEmpty(ec)) return {};
    return backend_->tryReceiveAll(ec);
}

bool BlockingChannelGroup::waitWritable(ChannelNumber channel, Timeout timeout) const {
    error_code ec;
    const bool writable = waitWritable(channel, timeout, ec);
    if (ec == Status::NotAllowed) throw Error(ec, core::whyNotAllowed(ec, *backend_));
    if (ec) throw Error(ec, "channel " + std::to_string(channel));
    return writable;
}

bool BlockingChannelGroup::waitWritable(ChannelNumber channel, Timeout timeout,
                                        error_code& ec) const noexcept {
    if (isEmpty(ec)) return false;
    return backend_->writableBlocking(channel, timeout, ec);
}

void BlockingChannelGroup::updateReceiver(MessagePtr&& message) const {
    error_code ec;
    updateReceiver(std::move(message), ec);
    throwIf(ec);
}

void BlockingChannelGroup::updateReceiver(MessagePtr&& message, error_code& ec) const noexcept {
    if (!isEmpty(ec)) backend_->updateReceiver(message, ec);
}

void BlockingChannelGroup::setReadMode(ChannelNumber channel, ReadMode mode) const {
    error_code ec;
    setReadMode(channel, mode, ec);
    if (ec) throw Error(ec, "channel " + std::to_string(channel));
}

void BlockingChannelGroup::setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) const noexcept {
    if (!isEmpty(ec)) backend_->setReadMode(channel, mode, ec);
}

ChannelInfo BlockingChannelGroup::channelInfo(ChannelNumber channel) const {
    error_code ec;
    ChannelInfo info = channelInfo(channel, ec);
    if (ec) throw Error(ec, "channel " + std::to_string(channel));
    return info;
}

ChannelInfo BlockingChannelGroup::channelInfo(ChannelNumber channel, error_code& ec) const {
    if (isEmpty(ec)) return {};
    return backend_->channelInfo(channel, ec);
}

}  // namespace tempeh
