// The conversation of docs/coming_from with Asio, by hand.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// A frame: its length in two bytes, then so many.
asio::awaitable<std::string> readFrame(
    tcp::socket& socket) {
    std::array<std::uint8_t, 2> head;
    co_await asio::async_read(socket, asio::buffer(head),
                              asio::use_awaitable);
    std::string body(head[0] * 256U + head[1], '\0');
    co_await asio::async_read(socket, asio::buffer(body),
                              asio::use_awaitable);
    co_return body;
}

asio::awaitable<void> writeFrame(tcp::socket& socket,
                                 std::string body) {
    if (body.size() > 0xffff)
        throw std::length_error("frame");
    const std::array<std::uint8_t, 2> head{
        static_cast<std::uint8_t>(body.size() / 256),
        static_cast<std::uint8_t>(body.size() % 256)};
    const std::array<asio::const_buffer, 2> both{
        asio::buffer(head), asio::buffer(body)};
    co_await asio::async_write(socket, both,
                               asio::use_awaitable);
}

asio::awaitable<void> serve(tcp::socket client) {
    for (;;) {
        std::string text = co_await readFrame(client);
        std::reverse(text.begin(), text.end());
        co_await writeFrame(client, text);
    }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
    for (;;) {
        tcp::socket client = co_await acceptor.async_accept(
            asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(),
                       serve(std::move(client)),
                       asio::detached);
    }
}

asio::awaitable<std::string> ask(tcp::endpoint address) {
    using namespace asio::experimental::awaitable_operators;
    const auto executor =
        co_await asio::this_coro::executor;
    tcp::socket server(executor);
    co_await server.async_connect(address,
                                  asio::use_awaitable);
    co_await writeFrame(server, "stressed");

    asio::steady_timer timer(executor, 5s);
    auto result =
        co_await (readFrame(server) ||
                  timer.async_wait(asio::use_awaitable));
    // After a timeout the socket is of no use any more:
    // half a frame may have been read, and the next
    // answer would be the one to this question.
    if (result.index() == 1) co_return "no answer in 5 s";
    co_return std::get<0>(result);
}

int main() {
    asio::io_context context;
    tcp::acceptor acceptor(
        context, {asio::ip::address_v4::loopback(), 0});
    asio::co_spawn(context, listen(acceptor),
                   asio::detached);
    asio::co_spawn(
        context, ask(acceptor.local_endpoint()),
        [&](std::exception_ptr, std::string answer) {
            std::cout << answer << '\n';
            context.stop();
        });
    context.run();
}
