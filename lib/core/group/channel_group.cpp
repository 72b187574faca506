#include "core/group/errors.hpp"

#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/core/channel_group.hpp>

#include <string>

namespace tempeh {

using core::describe;
using core::throwIf;

ChannelGroup::ChannelGroup(std::shared_ptr<detail::GroupBackend> backend) noexcept
    : backend_(std::move(backend)) {}

ChannelGroup& ChannelGroup::operator=(ChannelGroup&& other) noexcept {
    if (this == &other) return *this;
    if (backend_ != nullptr) backend_->close();
    backend_ = std::move(other.backend_);
    return *this;
}

ChannelGroup::~ChannelGroup() {
    if (backend_ != nullptr) backend_->close();
}

detail::GroupBackend& ChannelGroup::backend() const {
    if (backend_ == nullptr) throw Error(Status::InvalidChannelGroup);
    return *backend_;
}

BinaryHeader ChannelGroup::post(MessagePtr&& message) {
    error_code ec;
    const BinaryHeader header = post(std::move(message), ec);
    // NOLINTNEXTLINE(bugprone-use-after-move): a failed post leaves the message here
    if (ec) throw Error(ec, message != nullptr ? describe(*message, ec, backend_.get()) : std::string());
    return header;
}

BinaryHeader ChannelGroup::post(MessagePtr&& message, error_code& ec) noexcept {
    if (backend_ != nullptr) return backend_->post(message, ec);
    ec = Status::InvalidChannelGroup;
    return {};
}

std::size_t ChannelGroup::postAll(MessageQueue& messages) {
    error_code ec;
    const std::size_t posted = postAll(messages, ec);
    if (ec)
        throw Error(ec, messages.empty() ? std::string() : describe(*messages.front(), ec, backend_.get()));
    return posted;
}

std::size_t ChannelGroup::postAll(MessageQueue& messages, error_code& ec) noexcept {
    if (backend_ != nullptr) return backend_->postAll(messages, ec);
    ec = Status::InvalidChannelGroup;
    return 0;
}

MessagePtr ChannelGroup::tryReceive() {
    error_code ec;
    MessagePtr message = tryReceive(ec);
    throwIf(ec);
    return message;
}

MessagePtr ChannelGroup::tryReceive(error_code& ec) noexcept {
    if (backend_ != nullptr) return backend_->tryReceive(ec);
    ec = Status::InvalidChannelGroup;
    return nullptr;
}

MessageQueue ChannelGroup::tryReceiveAll() {
    error_code ec;
    MessageQueue messages = tryReceiveAll(ec);
    throwIf(ec);
    return messages;
}

MessageQueue ChannelGroup::tryReceiveAll(error_code& ec) noexcept {
    if (backend_ != nullptr) return backend_->tryReceiveAll(ec);
    ec = Status::InvalidChannelGroup;
    return {};
}

void ChannelGroup::updateReceiver(MessagePtr&& message) {
    error_code ec;
    updateReceiver(std::move(message), ec);
    throwIf(ec);
}

void ChannelGroup::updateReceiver(MessagePtr&& message, error_code& ec) noexcept {
    if (backend_ != nullptr)
        backend_->updateReceiver(message, ec);
    else
        ec = Status::InvalidChannelGroup;
}

void ChannelGroup::updateReceiver(error_code& ec) noexcept {
    updateReceiver(MessagePtr(), ec);
}

void ChannelGroup::setReadMode(ChannelNumber channel, ReadMode mode) {
    error_code ec;
    setReadMode(channel, mode, ec);
    if (ec) throw Error(ec, "channel " + std::to_string(channel));
}

void ChannelGroup::setReadMode(ChannelNumber channel, ReadMode mode, error_code& ec) noexcept {
    if (backend_ != nullptr) return backend_->setReadMode(channel, mode, ec);
    ec = Status::InvalidChannelGroup;
}

void ChannelGroup::distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy) {
    error_code ec;
    distributeTo(members, std::move(policy), ec);
    if (ec) throw Error(ec, "distributeTo");
}

void ChannelGroup::distributeTo(std::span<ChannelGroup* const> members, AcceptPolicy policy,
                                error_code& ec) noexcept {
    if (backend_ == nullptr) {
        ec = Status::InvalidChannelGroup;
        return;
    }
    try {
        std::vector<std::shared_ptr<detail::GroupBackend>> backends;
        for (const ChannelGroup* member : members)
            backends.push_back(member->backend_);
        backend_->distributeTo(backends, std::move(policy), ec);
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
    }
}

ChannelInfo ChannelGroup::channelInfo(ChannelNumber channel) const {
    error_code ec;
    ChannelInfo info = channelInfo(channel, ec);
    if (ec) throw Error(ec, "channel " + std::to_string(channel));
    return info;
}

ChannelInfo ChannelGroup::channelInfo(ChannelNumber channel, error_code& ec) const {
    if (backend_ != nullptr) return backend_->channelInfo(channel, ec);
    ec = Status::InvalidChannelGroup;
    return {};
}

GroupStats ChannelGroup::stats() const {
    return backend().stats();
}

BlockingChannelGroup ChannelGroup::blocking() const {
    backend();
    return BlockingChannelGroup(backend_);
}

asio::any_io_executor ChannelGroup::executor() const {
    return backend().executor();
}

TimePoint ChannelGroup::now() const {
    return backend().now();
}

void ChannelGroup::logWarning(std::string_view text) const noexcept {
    if (backend_ != nullptr) backend_->logWarning(text);
}

}  // namespace tempeh
