#include "core/group/coroutine_waiter.hpp"
#include "core/group/errors.hpp"

#include <tempeh/core/detail/wait_operation.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace tempeh::detail {

GroupBackend::~GroupBackend() = default;

void Waiter::resumeWith(MessagePtr) noexcept {}

void Waiter::abandon() noexcept {}

void GroupBackend::setReadMode(ChannelNumber, ReadMode, error_code& ec) noexcept {
    ec = Status::NotImplementedYet;
}

void GroupBackend::distributeTo(const std::vector<std::shared_ptr<GroupBackend>>&, AcceptPolicy,
                                error_code& ec) noexcept {
    ec = Status::NotImplementedYet;
}

void GroupBackend::logWarning(std::string_view) const noexcept {}

void GroupBackend::resumeLater(Waiter& waiter) noexcept {
    waiter.resume(false);
}

namespace {
thread_local ResumptionWatch* innermostWatch = nullptr;
}

ResumptionWatch::ResumptionWatch(const void* waiter) noexcept
    : waiter_(waiter), outer_(std::exchange(innermostWatch, this)) {}

ResumptionWatch::~ResumptionWatch() {
    innermostWatch = outer_;
}

bool ResumptionWatch::noteDropped(const void* waiter) noexcept {
    // During post() no other resumption completes on this thread.
    if (innermostWatch == nullptr || innermostWatch->waiter_ != waiter) return false;
    innermostWatch->wasDropped_ = true;
    return true;
}

using core::throwIf;

asio::awaitable<MessagePtr> receiveAwaitable(std::shared_ptr<GroupBackend> backend, Duration timeout) {
    if (backend == nullptr) throw Error(Status::InvalidChannelGroup);
    error_code ec;
    // Without a slot this coroutine cannot be cancelled, so its result cannot be dropped on the way: a
    // message that is already there may be returned at once. With a slot (`receive || timer` has one), a
    // result that is not delivered through the operation's own completion could lose the race after it was
    // taken from the mailbox.
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (!cancellation.slot().is_connected() && backend->mayReceiveAtOnce()) {
        MessagePtr ready = backend->tryReceive(ec);
        throwIf(ec);
        if (ready != nullptr || timeout <= Duration::zero()) co_return ready;
    }
    // Named: GCC 12 destroys temporaries of a co_await expression twice.
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    core::CoroutineWaiter waiter(std::move(backend), executor);
    auto outcome = waiter.wait(timeout);
    co_await std::move(outcome);
    throwIf(waiter.ec);
    co_return std::move(waiter.message);
}

asio::awaitable<bool> writableAwaitable(std::shared_ptr<GroupBackend> backend, ChannelNumber channel,
                                        Duration timeout) {
    if (backend == nullptr) throw Error(Status::InvalidChannelGroup);
    error_code ec;
    auto waiting =
        asyncWritable(std::move(backend), channel, timeout, asio::redirect_error(asio::use_awaitable, ec));
    const bool writable = co_await std::move(waiting);
    throwIf(ec);
    co_return writable;
}

}  // namespace tempeh::detail
