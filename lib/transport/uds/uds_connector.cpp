#include "transport/uds/uds_connector.hpp"

#include "transport/socket_calls.hpp"
#include "transport/uds/uds_endpoint.hpp"
#include "transport/uds/uds_stream.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace tempeh::transport {

UdsConnector::UdsConnector(const asio::any_io_executor& executor, const SocketOptions& options)
    : options_(options), socket_(executor), retry_(executor) {}

asio::awaitable<std::unique_ptr<Stream>> UdsConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    StreamEndpoint endpoint;
    ec.clear();
    if (const auto* const uds = std::get_if<UdsClientAddress>(&address))
        endpoint = unixEndpoint(uds->path, ec);
    else
        ec = Status::WrongAddress;
    if (!ec && !cancelled_) co_await connectTo(endpoint, ec);
    if (cancelled_) ec = asio::error::operation_aborted;
    if (!ec) {
        stream = std::make_unique<UdsStream>(std::move(socket_), endpoint);
        co_return stream;
    }
    error_code ignored;
    socket_.close(ignored);
    co_return stream;
}

// A Unix socket connects at once or not at all. When the server's backlog is full there is no event to wait
// for, so we retry until the caller gives up. (Asio mistakes the full backlog for a connection in progress,
// and then for success.)
asio::awaitable<void> UdsConnector::connectTo(StreamEndpoint endpoint, error_code& ec) {
    using namespace std::chrono_literals;
    openSocket(socket_, endpoint, ec);
    if (ec) co_return;
    applyBufferSizes(socket_, options_);
    for (std::chrono::milliseconds pause = 1ms;;
         pause = std::min<std::chrono::milliseconds>(pause * 2, 16ms)) {
        connectOnce(socket_, endpoint, ec);
        if (ec != asio::error::would_block) co_return;
        retry_.expires_after(pause);
        co_await waitFor(retry_, ec);
        if (cancelled_) ec = asio::error::operation_aborted;
        if (ec) co_return;
    }
}

void UdsConnector::cancel() noexcept {
    cancelled_ = true;
    retry_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

Status UdsConnector::statusOf(const error_code& ec) const noexcept {
    namespace errc = boost::system::errc;
    const bool isPathMissing = ec == errc::no_such_file_or_directory || ec == errc::not_a_directory;
    return isPathMissing ? Status::UdsPathNotFound : connectStatus(ec);
}

}  // namespace tempeh::transport
