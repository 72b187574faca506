#pragma once

#include "flows/hub/hub.hpp"
#include "flows/peer/handler_slot.hpp"
#include "flows/peer/read_control.hpp"

#include <tempeh/message/message_queue.hpp>

#include <cstdint>
#include <memory>

namespace tempeh::flows::detail {

/// Messages that wait for one receiver.
class Inbox {
public:
    Inbox() noexcept = default;
    /// `control` depends on what waits here.
    explicit Inbox(ReadControl& control) noexcept : control_(&control) {}

    void add(MessagePtr message, Hub& hub, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) {
        waiting_.add(*message);
        messages_.pushBack(std::move(message));
        if (control_ != nullptr) control_->update();
        if (receiver != nullptr) hub.wake(*receiver, woken);
    }
    /// Receiving ends with `reason` once the messages are taken. The last reason counts.
    void close(const error_code& reason, Hub& hub, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) {
        end = reason;
        if (receiver != nullptr) hub.wake(*receiver, woken);
    }
    /// The next message if there is one. NotAllowed while a receiver waits.
    MessagePtr tryReceive(Hub& hub, error_code& ec) noexcept TEMPEH_EXCLUDES(hubLocked);

    /// What waits here.
    const Backlog& backlog() const noexcept TEMPEH_REQUIRES(hubLocked) { return waiting_; }
    /// Sets what depends on what waits here; null: nothing.
    void attach(ReadControl* control) noexcept TEMPEH_REQUIRES(hubLocked) {
        if (control_ != nullptr) control_->watch(nullptr);
        control_ = control;
        if (control_ != nullptr) control_->watch(&waiting_);
    }
    bool empty() const noexcept TEMPEH_REQUIRES(hubLocked) { return messages_.empty(); }
    std::size_t size() const noexcept TEMPEH_REQUIRES(hubLocked) { return messages_.size(); }
    /// The next message; null if there is none.
    MessagePtr take() noexcept TEMPEH_REQUIRES(hubLocked) {
        MessagePtr message = messages_.popFront();
        if (message != nullptr) waiting_.remove(*message);
        if (control_ != nullptr) control_->update();
        return message;
    }
    MessageQueue takeAll() noexcept TEMPEH_REQUIRES(hubLocked) {
        return takeIf([](const Message&) { return true; });
    }
    /// Puts them in front of what is there.
    void putBack(MessageQueue messages) noexcept TEMPEH_REQUIRES(hubLocked) {
        for (const Message& message : messages)
            waiting_.add(message);
        messages.append(messages_);
        messages_ = std::move(messages);
        if (control_ != nullptr) control_->update();
    }
    /// Takes those that `wanted` returns true for, in order; the others stay.
    template <typename Wanted>
    MessageQueue takeIf(Wanted wanted) noexcept TEMPEH_REQUIRES(hubLocked) {
        MessageQueue taken;
        MessageQueue others;
        while (MessagePtr message = messages_.popFront()) {
            const bool isTaken = wanted(*message);
            if (isTaken) waiting_.remove(*message);
            (isTaken ? taken : others).pushBack(std::move(message));
        }
        messages_ = std::move(others);
        if (control_ != nullptr) control_->update();
        return taken;
    }

    error_code end TEMPEH_GUARDED_BY(hubLocked);
    Wait* receiver TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    bool hasReader TEMPEH_GUARDED_BY(hubLocked) = false;  ///< Something has received.

private:
    MessageQueue messages_ TEMPEH_GUARDED_BY(hubLocked);
    Backlog waiting_ TEMPEH_GUARDED_BY(hubLocked);
    ReadControl* control_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;
};

/// Waits for the next message of an inbox.
class ReceiveWait final : public Wait {
public:
    explicit ReceiveWait(Inbox& inbox) noexcept : inbox_(inbox) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);
    /// Settled, but a stream's reader or a close took the message first: wait again.
    bool foundNothing() const noexcept { return message == nullptr && !ec && !hasTimedOut(); }

    MessagePtr message;

private:
    Inbox& inbox_;
    bool isRegistered_ = false;
};

/// Has an inbox.
class InboxOwner {
public:
    virtual Hub& hub() const noexcept = 0;
    /// The error to throw for the inbox's end.
    virtual Error errorFor(const error_code& ec) TEMPEH_EXCLUDES(hubLocked) = 0;
    /// Throws the error, as what it really is.
    [[noreturn]] virtual void throwFor(const error_code& ec) TEMPEH_EXCLUDES(hubLocked) {
        throw errorFor(ec);
    }
    /// The application has received that message.
    virtual void onReceived(const Message& message) noexcept TEMPEH_EXCLUDES(hubLocked) = 0;

    Inbox inbox;
    HandlerSlot handlerSlot;

protected:
    InboxOwner() noexcept = default;
    explicit InboxOwner(ReadControl& control) noexcept : inbox(control) {}
    ~InboxOwner() = default;
};

/// The next message, null at the timeout. Never loses one. Throws the owner's error for Inbox::end,
/// NotAllowed, operation_aborted.
asio::awaitable<MessagePtr> receiveFrom(std::shared_ptr<InboxOwner> owner, Duration timeout);
/// The same without throwing. `ec` must outlive it.
asio::awaitable<MessagePtr> receiveFrom(std::shared_ptr<InboxOwner> owner, Duration timeout, error_code& ec);

}  // namespace tempeh::flows::detail
