// A user's program, the same for every way of taking the library: coroutines, plain calls, flows, Asio
// sockets of its own beside the engine's. Exit status 0 when all of it works.

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using asio::ip::tcp;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

namespace {

void check(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

asio::awaitable<void> answer(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), "pong");
    }
}

asio::awaitable<void> ask(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);
    const MessagePtr response = co_await server.request(server.newMessage(OpCode::Request, "ping"), 10s);
    check(response && response->body.view() == "pong", "a coroutine got no answer");
    co_await server.close();
}

void flowsWork(tempeh::Reactor& engine) {
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(answer), asio::detached);
    const tempeh::Address address = server.addresses().front();
    asio::co_spawn(engine.executor(), ask(engine, address), asio::use_future).get();

    const flows::BlockingPeer peer = flows::connectBlocking(engine, address);
    const MessagePtr response = peer.request(peer.newMessage(OpCode::Request, "ping"), 10s);
    check(response && response->body.view() == "pong", "a thread got no answer");
    peer.close();
}

// A listener and a client by plain calls: the Hello has to arrive.
void groupsWork(tempeh::Ampe& engine) {
    tempeh::ChannelGroup serverGroup = engine.createGroup();
    tempeh::ChannelGroup clientGroup = engine.createGroup();
    const auto port = tempeh::findFreeTcpPort();
    MessagePtr welcome = engine.get();
    tempeh::TcpServerAddress{"127.0.0.1", port}.format(*welcome);
    serverGroup.blocking().post(std::move(welcome));
    const MessagePtr listening = serverGroup.blocking().waitReceive(10s);
    check(listening && listening->status() == Status::Success, "the listener did not start");

    MessagePtr hello = engine.get();
    tempeh::TcpClientAddress{"127.0.0.1", port}.format(*hello);
    clientGroup.blocking().post(std::move(hello));
    const MessagePtr received = serverGroup.blocking().waitReceive(10s);
    check(received && received->header.opCode == OpCode::HelloRequest, "no Hello arrived");
}

// What an application catches has to be the type that the library throws, across a shared library too.
template <typename Exception>
bool nullMessageThrows(tempeh::Ampe& engine) {
    tempeh::ChannelGroup group = engine.createGroup();
    try {
        group.post(MessagePtr{});
    } catch (const Exception& error) {
        if constexpr (requires { error.code(); }) return error.code() == Status::NullMessage;
        return true;
    }
    return false;
}

void errorsAreCaught(tempeh::Ampe& engine) {
    check(nullMessageThrows<tempeh::Error>(engine), "tempeh::Error was not caught");
    check(nullMessageThrows<boost::system::system_error>(engine), "its base of Boost's was not caught");
    check(nullMessageThrows<std::exception>(engine), "its base of the standard library's was not caught");
}

// Bytes arrive on a socket of the application's that nobody reads just then. Whoever runs its context, the
// library or the application, has to know Asio's own notes about the running thread.
asio::awaitable<void> ownSockets(asio::any_io_executor executor) {
    tcp::acceptor acceptor(executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket near(executor);
    co_await near.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
    tcp::socket far = co_await acceptor.async_accept(asio::use_awaitable);
    asio::steady_timer timer(executor);
    for (int i = 0; i < 3; ++i) {
        co_await asio::async_write(near, asio::buffer("x", 1), asio::use_awaitable);
        timer.expires_after(10ms);
        co_await timer.async_wait(asio::use_awaitable);
        char byte = 0;
        co_await asio::async_read(far, asio::buffer(&byte, 1), asio::use_awaitable);
    }
}

asio::awaitable<void> onOwnContext(tempeh::Ampe& engine, asio::any_io_executor executor) {
    co_await ownSockets(executor);
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(executor, server.serve(answer), asio::detached);
    co_await server.listening();
    co_await ask(engine, server.addresses().front());
}

void ownContextWorks() {
    asio::io_context context(1);
    tempeh::Reactor engine(context);
    std::exception_ptr failure;
    asio::co_spawn(context, onOwnContext(engine, engine.executor()), [&](std::exception_ptr thrown) {
        failure = thrown;
        context.stop();
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

int main() {
    try {
        tempeh::Reactor engine(tempeh::Options{.initialPoolMessages = 4, .maxPoolMessages = 64});
        flowsWork(engine);
        groupsWork(engine);
        errorsAreCaught(engine);
        asio::co_spawn(engine.executor(), ownSockets(engine.executor()), asio::use_future).get();
        ownContextWorks();
        std::puts("consumer: everything works");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "consumer: %s\n", error.what());
        return 1;
    }
}
