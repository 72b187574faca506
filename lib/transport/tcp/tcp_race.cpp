#include "transport/tcp/tcp_race.hpp"

#include "transport/socket_calls.hpp"
#include "transport/tcp/tcp_options.hpp"
#include "transport/tcp/tcp_stream.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/errc.hpp>

#include <new>
#include <utility>

namespace tempeh::transport {

namespace {

namespace errc = boost::system::errc;

/// True when this machine has no way to the address: says nothing about the peer.
bool isWithoutWay(const error_code& ec) noexcept {
    return ec == errc::network_unreachable || ec == errc::address_family_not_supported ||
           ec == errc::address_not_available;
}

// A port in the ephemeral range without a listener may be assigned to the connecting socket itself; TCP then
// connects the socket to itself.
bool isConnectedToItself(const StreamSocket& socket) {
    error_code local;
    error_code remote;
    return socket.local_endpoint(local) == socket.remote_endpoint(remote) && !local && !remote;
}

/// Where the connection comes from, as the options have it.
void bindLocal(StreamSocket& socket, const SocketOptions& options, const StreamEndpoint& peer,
               error_code& ec) {
    if (!options.interfaceName.empty()) bindToInterface(socket.native_handle(), options.interfaceName, ec);
    if (ec || options.localAddress.empty()) return;
    const asio::ip::address address = asio::ip::make_address(options.localAddress, ec);
    if (ec) return;
    const asio::ip::tcp::endpoint local(address, 0);
    if (local.protocol().family() != peer.protocol().family()) {
        ec = asio::error::address_family_not_supported;
        return;
    }
    choosePortLate(socket.native_handle());
    socket.bind(local, ec);
}

std::vector<int> familiesOf(const TcpEndpoints& endpoints) {
    std::vector<int> families;
    for (const asio::ip::tcp::endpoint& endpoint : endpoints)
        families.push_back(endpoint.protocol().family());
    return families;
}

}  // namespace

TcpRace::TcpRace(const asio::any_io_executor& executor, const SocketOptions& options,
                 const TcpEndpoints& endpoints)
    : options_(options), wake_(executor), race_(endpoints.size()) {
    tries_.reserve(endpoints.size());
    for (const std::size_t i : machines::interleavedByFamily(familiesOf(endpoints)))
        tries_.push_back({StreamSocket(executor), endpoints[i]});
}

asio::awaitable<std::unique_ptr<Stream>> TcpRace::run(std::shared_ptr<TcpRace> self, error_code& ec) {
    std::unique_ptr<Stream> stream;
    ec.clear();
    while (!self->isOver_ && !self->winner_) {
        const auto until = self->startDue();
        if (!until) break;
        self->wake_.expires_at(*until);
        try {
            co_await waitFor(self->wake_, ec);
        } catch (const std::bad_alloc&) {
            ec = asio::error::no_memory;
        }
        if (ec == asio::error::no_memory) break;
        const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) self->cancel();
    }
    if (!self->isOver_ && self->winner_) {
        Try& won = self->tries_[*self->winner_];
        stream = std::make_unique<TcpStream>(std::move(won.socket), won.endpoint);
        ec.clear();
    } else if (self->isOver_) {
        ec = asio::error::operation_aborted;
    } else if (ec != asio::error::no_memory) {
        ec = self->failure_;
    }
    self->end();
    co_return stream;
}

std::optional<std::chrono::steady_clock::time_point> TcpRace::startDue() {
    using Action = machines::ConnectRace::Action;
    for (;;) {
        const machines::ConnectRace::Step step = race_.next(std::chrono::steady_clock::now());
        switch (step.action) {
            case Action::Start:
                start(step.candidate);
                break;
            case Action::GiveUp:
                fail(step.candidate, asio::error::timed_out);
                break;
            case Action::Wait:
                return step.until;
            case Action::Lost:
                return std::nullopt;
        }
    }
}

void TcpRace::start(std::size_t candidate) {
    Try& one = tries_[candidate];
    error_code ec;
    openSocket(one.socket, one.endpoint, ec);
    if (!ec) bindLocal(one.socket, options_, one.endpoint, ec);
    if (ec) return fail(candidate, ec);
    applyTcpOptions(one.socket, options_, one.endpoint);
    try {
        one.socket.async_connect(one.endpoint,
                                 [self = shared_from_this(), candidate](const error_code& failed) {
                                     self->onTried(candidate, failed);
                                 });
    } catch (const std::bad_alloc&) {
        fail(candidate, asio::error::no_memory);
    }
}

void TcpRace::onTried(std::size_t candidate, error_code ec) {
    Try& one = tries_[candidate];
    if (isOver_ || winner_ || !one.socket.is_open()) return;  // somebody else won, or it was given up
    if (!ec && isConnectedToItself(one.socket)) ec = asio::error::connection_refused;
    if (ec)
        fail(candidate, ec);
    else
        winner_ = candidate;
    wake_.cancel();
}

void TcpRace::fail(std::size_t candidate, const error_code& ec) noexcept {
    error_code ignored;
    tries_[candidate].socket.close(ignored);
    race_.onFailed(candidate);
    if (!failure_ || isWithoutWay(failure_) || !isWithoutWay(ec)) failure_ = ec;
}

void TcpRace::end() noexcept {
    isOver_ = true;
    error_code ignored;
    for (Try& one : tries_)
        one.socket.close(ignored);
}

void TcpRace::cancel() noexcept {
    end();
    wake_.cancel();
}

}  // namespace tempeh::transport
