#pragma once

#include "core/group/mailbox.hpp"
#include "core/group/obligation.hpp"
#include "message/message_access.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace tempeh::core {

inline MessagePtr makeMessage(MessageId id) {
    MessagePtr message(new Message);
    message->header.messageId = id;
    return message;
}

inline MessageQueue makeBatch(std::initializer_list<MessageId> ids) {
    MessageQueue batch;
    for (const MessageId id : ids)
        batch.pushBack(makeMessage(id));
    return batch;
}

inline std::vector<MessageId> idsOf(const MessageQueue& messages) {
    std::vector<MessageId> ids;
    for (const Message& message : messages)
        ids.push_back(message.header.messageId);
    return ids;
}

/// Counts what happens to it.
class FakeWaiter : public detail::Waiter {
public:
    void resume(bool inlineAllowed) noexcept override {
        ++resumed;
        wasInlineAllowed = inlineAllowed;
    }
    int resumed = 0;
    bool wasInlineAllowed = false;
};

/// One that runs inside whoever resumes it.
class FakeInlineWaiter final : public FakeWaiter {
public:
    bool resumesInline() const noexcept override { return true; }
    void resumeWith(MessagePtr message) noexcept override { handed.push_back(message->header.messageId); }
    std::vector<MessageId> handed;
};

/// Gives what was posted late once, then lets the notice go.
class FakeOwner final : public MailboxOwner {
public:
    std::shared_ptr<detail::ContextLife> watch(asio::execution_context& context) override {
        return detail::ContextLife::of(context);
    }
    bool resumeSoon(detail::Waiter& waiter) noexcept override {
        offered.push_back(&waiter);
        return takesOver;
    }
    MessageQueue onCloseNotice(std::uint64_t obligation) noexcept override {
        asked.push_back(obligation);
        return std::move(late);
    }
    bool takesOver = false;
    std::vector<detail::Waiter*> offered;
    MessageQueue late;
    std::vector<std::uint64_t> asked;
};

class MailboxTest : public ::testing::Test {
protected:
    bool deliver(std::initializer_list<MessageId> ids, bool inlineAllowed = false) {
        MessageQueue batch = makeBatch(ids);
        return mailbox_.deliver(batch, inlineAllowed);
    }
    /// A ChannelClosed.
    bool deliverNotice(MessageId id, const Obligation& obligation = closeOf(7), bool inlineAllowed = false) {
        MessagePtr notice = makeMessage(id);
        detail::MessageAccess::setObligation(*notice, obligation.raw());
        return mailbox_.deliver(std::move(notice), inlineAllowed);
    }
    static Obligation closeOf(ChannelNumber channel) {
        return Obligation(Obligation::Kind::CloseNotice, channel, 3);
    }
    /// Id of the next message; 0: none.
    MessageId take() {
        const MessagePtr message = mailbox_.tryReceive(ec_);
        return message != nullptr ? message->header.messageId : 0;
    }
    /// Ids of everything that is given at one time.
    std::vector<MessageId> takeAll() { return idsOf(mailbox_.tryReceiveAll(ec_)); }
    /// Id of what the waiter gets; 0: nothing.
    MessageId finish(detail::Waiter& waiter) {
        MessagePtr message;
        isFinished_ = mailbox_.finish(waiter, message, ec_);
        return message != nullptr ? message->header.messageId : 0;
    }

    FakeOwner listener_;
    Mailbox mailbox_{listener_};
    error_code ec_;
    bool isFinished_ = false;
};

}  // namespace tempeh::core
