#include "transport/tcp/tcp_connector.hpp"

#include "transport/tcp/tcp_race.hpp"

#include <boost/asio/error.hpp>

#include <utility>
#include <variant>

namespace tempeh::transport {

TcpConnector::TcpConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                           LookupFunction lookUp)
    : executor_(executor), options_(options), resolver_(executor, std::move(lookUp)) {}

TcpConnector::~TcpConnector() = default;

asio::awaitable<std::unique_ptr<Stream>> TcpConnector::connect(Address address, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    TcpEndpoints endpoints;
    if (auto* const tcp = std::get_if<TcpClientAddress>(&address)) {
        endpoints = co_await resolver_.resolve(std::move(tcp->host), tcp->port, ec);
    } else {
        ec = Status::WrongAddress;
    }
    if (!endpoints.empty() && !cancelled_) {  // after cancellation the coroutine must not await anything
        race_ = std::make_shared<TcpRace>(executor_, options_, endpoints);
        stream = co_await TcpRace::run(race_, ec);
    }
    if (cancelled_) {
        ec = asio::error::operation_aborted;
        stream.reset();
    }
    co_return stream;
}

void TcpConnector::cancel() noexcept {
    cancelled_ = true;
    resolver_.cancel();
    if (race_ != nullptr) race_->cancel();
}

}  // namespace tempeh::transport
