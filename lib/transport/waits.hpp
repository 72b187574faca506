#pragma once

#include "transport/awaited_operation.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

/// What a coroutine waits for with Asio, without dying of a failed allocation: `ec` is no_memory then. The
/// objects and `ec` outlive the call.
namespace tempeh::transport {

/// Until what `start` has begun, with the handler it is given, is done.
template <typename Start>
boost::asio::awaitable<void> waitForOperation(Start start, error_code& ec) {
    AwaitedOperation waiting;
    auto outcome = waiting.run(std::move(start));
    co_await std::move(outcome);
    ec = waiting.ec;
}

/// Until the socket can be read or written.
template <typename Socket>
boost::asio::awaitable<void> waitFor(Socket& socket, boost::asio::socket_base::wait_type type,
                                     error_code& ec) {
    return waitForOperation([&socket, type](auto done) { socket.async_wait(type, std::move(done)); }, ec);
}

/// Until the timer expires or is cancelled.
inline boost::asio::awaitable<void> waitFor(boost::asio::steady_timer& timer, error_code& ec) {
    return waitForOperation([&timer](auto done) { timer.async_wait(std::move(done)); }, ec);
}

/// Until the socket is connected.
template <typename Socket, typename Endpoint>
boost::asio::awaitable<void> connectTo(Socket& socket, Endpoint endpoint, error_code& ec) {
    return waitForOperation(
        [&socket, endpoint](auto done) { socket.async_connect(endpoint, std::move(done)); }, ec);
}

}  // namespace tempeh::transport
