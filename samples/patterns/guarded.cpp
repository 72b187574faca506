// Shows: a server that asks another one who may connect, and tells those it refuses why.
// Use it when: who may talk to a server is decided elsewhere, by something that takes its time.
// Prints: what three clients find.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Knows the tokens. Sleeps on those it must look up.
asio::awaitable<void> checkTokens(flows::RequestContext& request) {
    const std::string_view token = request.message().body.view();
    if (token == "unknown to all") co_await request.peer().sleep(1h);
    request.answer(token == "s3cret" ? "yes" : "no");
}

// The authorize hook: it may wait, for as long as ServerOptions::authorizeTimeout says.
flows::AuthorizeHook askRegistry(const flows::Peer& registry) {
    return [registry](flows::Hello& hello) -> asio::awaitable<std::uint8_t> {
        const auto token = hello.request.textHeaders.find("token");
        if (!token) co_return hello.refuse("there is no token in the hello");
        MessagePtr question = registry.newMessage(OpCode::Request, *token);
        const MessagePtr answer = co_await registry.request(std::move(question), 10s);
        const bool isKnown = answer != nullptr && answer->body.view() == "yes";
        co_return isKnown ? std::uint8_t{0} : hello.refuse("nobody knows this token");
    };
}

asio::awaitable<void> serve(flows::Peer client) {
    for (;;)
        co_await client.receive();
}

void enter(tempeh::Ampe& engine, const tempeh::Address& address, std::string_view token) {
    const tempeh::TextHeader header{"token", token};
    try {
        const flows::BlockingPeer peer = flows::connectBlocking(engine, address, {.headers = {&header, 1}});
        fmt::print("'{}' is in\n", token);
    } catch (const flows::Refused& refused) {
        fmt::print("'{}': {}\n", token, refused.response().body.view());
    }
}

int main() {
    tempeh::Reactor engine;
    flows::Router router([](const tempeh::Message&) { return "check"; });
    router.on("check", checkTokens);
    flows::Server registry(engine, {tempeh::UdsServerAddress{}});
    asio::co_spawn(engine.executor(), registry.serve(router), asio::detached);
    const flows::Peer toRegistry = flows::connectBlocking(engine, registry.addresses().front()).peer();

    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}},
                         {.authorize = askRegistry(toRegistry), .authorizeTimeout = 500ms});
    asio::co_spawn(engine.executor(), server.serve(serve), asio::detached);
    const tempeh::Address address = server.addresses().front();
    enter(engine, address, "s3cret");
    enter(engine, address, "guessed");
    enter(engine, address, "unknown to all");
}
