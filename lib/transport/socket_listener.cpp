#include "transport/socket_listener.hpp"

#include "transport/socket_calls.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

namespace tempeh::transport {

namespace {

namespace errc = boost::system::errc;

constexpr int maxAcceptsInARow = 16;

// True when the connection failed before it was accepted (Linux reports its network errors here); the next
// one may succeed.
bool isOfOneConnection(const error_code& ec) {
    return ec == errc::connection_aborted || ec == errc::interrupted || ec == errc::protocol_error ||
           ec == errc::connection_reset || ec == errc::network_down || ec == errc::network_unreachable ||
           ec == errc::host_unreachable || ec == errc::no_protocol_option || ec == errc::timed_out ||
           ec == errc::operation_not_permitted;  // a firewall rule that rejects this connection
}

}  // namespace

asio::awaitable<std::unique_ptr<Stream>> SocketListener::accept(error_code& ec) {
    std::unique_ptr<Stream> stream;
    for (;;) {
        if (!acceptor_.is_open()) {
            ec = asio::error::operation_aborted;
            co_return stream;
        }
        if (acceptedInARow_ < maxAcceptsInARow) {
            ++acceptedInARow_;
            StreamSocket socket(acceptor_.get_executor());
            StreamEndpoint peer;
            acceptOnce(acceptor_, socket, peer, ec);
            if (!ec) {
                stream = makeStream(std::move(socket), peer);
                co_return stream;
            }
            if (ec != asio::error::would_block && !isOfOneConnection(ec)) co_return stream;
        }
        acceptedInARow_ = 0;
        co_await waitFor(acceptor_, asio::socket_base::wait_read, ec);
        if (ec) co_return stream;
    }
}

void SocketListener::closeAcceptor() noexcept {
    error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace tempeh::transport
