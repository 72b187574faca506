#include "testing/memory_listener.hpp"

#include "testing/memory_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/errc.hpp>

#include <utility>

namespace tempeh::testing::detail {

asio::awaitable<void> MemoryListener::open(Address address, error_code& ec) {
    if (isClosed_) {
        ec = asio::error::operation_aborted;
        co_return;
    }
    bound_ = world_.bind(*this, host_, address, ec);
    isOpen_ = !ec;
    world_.trace().add(TraceEvent::Listen, host_, static_cast<std::uint64_t>(ec.value()));
}

asio::awaitable<std::unique_ptr<transport::Stream>> MemoryListener::accept(error_code& ec) {
    std::unique_ptr<transport::Stream> stream;
    ec.clear();
    if (!isClosed_ && pending_.empty()) {
        Sleep sleep;
        auto waiting = sleep.wait([&](Wake wake) { accepter_.emplace(std::move(wake)); });
        co_await std::move(waiting);
        ec = sleep.ec;
        if (ec) co_return stream;
    }
    if (isClosed_) {
        ec = asio::error::operation_aborted;
    } else if (world_.fault(world_.options().acceptFailures)) {
        ec = make_error_code(boost::system::errc::too_many_files_open);
        world_.trace().add(TraceEvent::AcceptFailed, host_);
    } else {
        stream = std::make_unique<MemoryStream>(std::move(pending_.front()), 1);
        pending_.pop_front();
        world_.trace().add(TraceEvent::Accept, host_);
    }
    co_return stream;
}

void MemoryListener::add(std::shared_ptr<Connection> connection) {
    pending_.push_back(std::move(connection));
    if (!accepter_) return;
    Wake taken(std::move(*accepter_));
    accepter_.reset();
    asio::post(executor_, [taken = std::move(taken)]() mutable { taken({}); });
}

void MemoryListener::close() noexcept {
    if (std::exchange(isClosed_, true)) return;
    if (isOpen_) world_.unbind(*this, bound_, host_);
    for (const std::shared_ptr<Connection>& connection : std::exchange(pending_, {}))
        connection->close(1);
    if (!accepter_) return;
    Wake taken(std::move(*accepter_));
    accepter_.reset();
    asio::post(executor_,
               [taken = std::move(taken)]() mutable { taken(error_code(asio::error::operation_aborted)); });
}

}  // namespace tempeh::testing::detail
