#include "transport/mem/mem_listener.hpp"

#include "transport/custom_place.hpp"
#include "transport/mem/mem_names.hpp"
#include "transport/mem/mem_stream.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace tempeh::transport {

/// Who waits in accept().
class MemListener::Accepter final : public MemWaiter {
public:
    explicit Accepter(const asio::any_io_executor& executor) : MemWaiter(executor) {}

    /// Rung for each connection, so not before this waits.
    void await(AwaitedOperation::Completion done) { waiting_.emplace(std::move(done)); }
    void abort() noexcept override { abortWait(waiting_); }

private:
    void look() override {
        if (!waiting_) return;
        AwaitedOperation::Completion taken(std::move(*waiting_));
        waiting_.reset();
        taken({});
    }

    std::optional<AwaitedOperation::Completion> waiting_;
};

MemListener::MemListener(const asio::any_io_executor& executor, const SocketOptions& options)
    : executor_(executor), options_(options), accepter_(std::make_shared<Accepter>(executor)) {
    accepter_->enter();
}

MemListener::~MemListener() {
    unbind();
    accepter_->leave();
}

asio::awaitable<void> MemListener::open(Address address, error_code& ec) {
    const std::string* const place = placeOf<CustomServerAddress>(address, "mem", isClosed_, ec);
    if (ec) co_return;
    const auto backlog = static_cast<std::size_t>(std::max(options_.backlog, 1));
    name_ = MemNames::ofProcess().bind(*place, backlog, accepter_);
    isBound_ = !name_.empty();
    if (!isBound_) ec = asio::error::address_in_use;
}

asio::awaitable<std::unique_ptr<Stream>> MemListener::accept(error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    while (!isClosed_ && !ec) {
        if (const auto connection = MemNames::ofProcess().accept(name_)) {
            stream = std::make_unique<MemStream>(connection, 1, executor_);
            co_return stream;
        }
        auto await = [accepter = accepter_](AwaitedOperation::Completion done) {
            accepter->await(std::move(done));
        };
        co_await waitForOperation(std::move(await), ec);
    }
    if (isClosed_) ec = asio::error::operation_aborted;
    co_return stream;
}

void MemListener::unbind() noexcept {
    if (std::exchange(isBound_, false)) MemNames::ofProcess().unbind(name_);
}

void MemListener::close() noexcept {
    isClosed_ = true;
    unbind();
    accepter_->abort();
}

}  // namespace tempeh::transport
