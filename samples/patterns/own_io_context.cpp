// Shows: a program with its own io_context, sockets and timers adds tempeh.
// Use it when: you have an Asio application. The engine starts no thread; everything runs where you run it.
// Prints: the answers from both listeners of the program, and that it used a single thread.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using asio::ip::tcp;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

std::set<std::thread::id> threads;  // on which handlers have run

std::string answerTo(std::string_view question) {
    threads.insert(std::this_thread::get_id());
    return fmt::format("you came {}, welcome", question);
}

// --- The existing part: lines of text over TCP. ---

asio::awaitable<void> serveLines(tcp::acceptor& acceptor) {
    for (;;) {
        tcp::socket client = co_await acceptor.async_accept(asio::use_awaitable);
        std::string line;
        const std::size_t size =
            co_await asio::async_read_until(client, asio::dynamic_buffer(line), '\n', asio::use_awaitable);
        const std::string answer = answerTo(line.substr(0, size - 1)) + '\n';
        co_await asio::async_write(client, asio::buffer(answer), asio::use_awaitable);
    }
}

// --- The new part: the same answers for peers. ---

asio::awaitable<void> servePeer(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        const std::string answer = answerTo(request->body.view());
        co_await client.respond(std::move(request), answer);
    }
}

// --- A client that tries both listeners. ---

asio::awaitable<void> visit(tempeh::Ampe& engine, flows::Server& server, tcp::endpoint lines) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    tcp::socket socket(timer.get_executor());
    co_await socket.async_connect(lines, asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer("by line\n", 8), asio::use_awaitable);
    std::string answer;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), '\n', asio::use_awaitable);
    fmt::print("{}", answer);

    co_await server.listening();
    flows::Peer peer = co_await flows::connect(engine, server.addresses().front());
    const MessagePtr response = co_await peer.request(peer.newMessage(OpCode::Request, "by message"), 10s);
    fmt::print("{}\n", response->body.view());
    co_await peer.close();
}

int main() {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    asio::co_spawn(context, serveLines(acceptor), asio::detached);

    tempeh::Reactor engine(context);  // declared after the context, so destroyed first
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(servePeer), asio::detached);

    asio::co_spawn(context, visit(engine, server, acceptor.local_endpoint()),
                   [&](std::exception_ptr failure) {
                       context.stop();
                       if (failure) std::rethrow_exception(failure);
                   });
    context.run();
    fmt::print("{} thread\n", threads.size());
}
