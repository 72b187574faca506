#include "flows/peer/inbox.hpp"

#include "flows/hub/suspension.hpp"

namespace tempeh::flows::detail {

MessagePtr Inbox::tryReceive(Hub& hub, error_code& ec) noexcept {
    ec.clear();
    const HubLock lock(hub);
    hasReader = true;
    if (receiver != nullptr) {
        ec = Status::NotAllowed;
        return nullptr;
    }
    return take();
}

bool ReceiveWait::enter() noexcept {
    if (inbox_.receiver != nullptr) {
        ec = Status::NotAllowed;
        return true;
    }
    inbox_.receiver = this;
    inbox_.hasReader = true;
    isRegistered_ = true;
    return !inbox_.empty() || inbox_.end;
}

void ReceiveWait::settle() noexcept {
    if (!isRegistered_) return;
    inbox_.receiver = nullptr;
    isRegistered_ = false;
    if (ec) return;
    message = inbox_.take();
    if (message == nullptr) ec = inbox_.end;
}

asio::awaitable<MessagePtr> receiveFrom(std::shared_ptr<InboxOwner> owner, Duration timeout) {
    Hub& hub = owner->hub();
    // As in ChannelGroup::waitReceive(): where the result cannot be dropped on its way, a message that is
    // there may be returned at once.
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (owner->handlerSlot.mayTakeAtOnce(cancellation.slot())) {
        error_code ec;  // reported again below
        MessagePtr ready = owner->inbox.tryReceive(hub, ec);
        if (ready != nullptr) owner->onReceived(*ready);
        if (ready != nullptr) co_return ready;
    }
    ReceiveWait wait(owner->inbox);
    Suspension suspension(hub, wait, co_await asio::this_coro::executor);
    const TimePoint deadline = hub.time().after(timeout);
    do {
        auto received = suspension.until(deadline);
        co_await std::move(received);
    } while (wait.foundNothing());
    if (wait.ec) owner->throwFor(wait.ec);
    if (wait.message != nullptr) owner->onReceived(*wait.message);
    co_return std::move(wait.message);
}

asio::awaitable<MessagePtr> receiveFrom(std::shared_ptr<InboxOwner> owner, Duration timeout, error_code& ec) {
    ec.clear();
    MessagePtr message;
    try {
        message = co_await receiveFrom(std::move(owner), timeout);
    } catch (const boost::system::system_error& error) {
        ec = error.code();
    }
    co_return message;
}

}  // namespace tempeh::flows::detail
