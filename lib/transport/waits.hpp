#pragma once

#include "transport/awaited_operation.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

/// Awaits Asio operations without destroying the coroutine when an allocation fails: `ec` is then no_memory.
/// The objects and `ec` must outlive the call.
namespace tempeh::transport {

/// Waits until the operation that `start` begins with the given handler is done.
template <typename Start>
boost::asio::awaitable<void> waitForOperation(Start start, error_code& ec) {
    AwaitedOperation waiting;
    auto outcome = waiting.run(std::move(start));
    co_await std::move(outcome);
    ec = waiting.ec;
}

/// Waits until the socket is readable or writable.
template <typename Socket>
boost::asio::awaitable<void> waitFor(Socket& socket, boost::asio::socket_base::wait_type type,
                                     error_code& ec) {
    return waitForOperation([&socket, type](auto done) { socket.async_wait(type, std::move(done)); }, ec);
}

/// Waits until the timer expires or is cancelled.
inline boost::asio::awaitable<void> waitFor(boost::asio::steady_timer& timer, error_code& ec) {
    return waitForOperation([&timer](auto done) { timer.async_wait(std::move(done)); }, ec);
}

/// Waits until the socket is connected.
template <typename Socket, typename Endpoint>
boost::asio::awaitable<void> connectTo(Socket& socket, Endpoint endpoint, error_code& ec) {
    return waitForOperation(
        [&socket, endpoint](auto done) { socket.async_connect(endpoint, std::move(done)); }, ec);
}

}  // namespace tempeh::transport
