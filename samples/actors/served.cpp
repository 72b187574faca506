// Shows: actors that are served to the network: the handler of a flows::Server asks them.
// Use it when: clients elsewhere should use what the actors of this process do.
// Prints: what two clients got.

#include <tempeh/actors.hpp>
#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace actors = tempeh::actors;
namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

struct Reserve {
    std::string seat;
    std::string who;
    using Reply = std::string;
};

// The state that all clients share, in one actor.
class Theatre {
public:
    explicit Theatre(actors::Context&) {}
    std::string handle(Reserve wish) {
        const auto [seat, isNew] = seats_.emplace(wish.seat, wish.who);
        if (!isNew) throw actors::Refusal(wish.seat + " is taken by " + seat->second);
        return wish.seat + " is yours, " + wish.who;
    }

private:
    std::map<std::string, std::string> seats_;
};

// One for each client. Its address is the client's, its text the seat.
asio::awaitable<void> serve(actors::Ref<Theatre> theatre, flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        std::string who(request->textHeaders.find("who").value_or("somebody"));
        std::string seat(request->body.view());
        std::string answer;
        std::uint8_t status = 0;
        try {
            answer = co_await theatre.ask<Reserve>(10s, seat, who);
        } catch (const actors::Error& error) {
            answer = error.what();
            status = 1;
        }
        co_await client.respond(std::move(request), answer, status);
    }
}

asio::awaitable<void> book(tempeh::Ampe& engine, tempeh::Address address, std::string who) {
    flows::Peer box = co_await flows::connect(engine, address);
    MessagePtr wish = box.newMessage(OpCode::Request, "row 1, seat 7");
    wish->textHeaders.append("who", who);
    const MessagePtr answer = co_await box.request(std::move(wish), 10s);
    fmt::print("{}: {}\n", answer->header.status == 0 ? "yes" : "no", answer->body.view());
    co_await box.close();
}

int main() {
    tempeh::Reactor engine;
    actors::System system(engine);  // on the engine's thread, beside its sockets
    const actors::Ref<Theatre> theatre = system.spawn<Theatre>({.name = "theatre"});

    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    const flows::Handler handler = [theatre](flows::Peer client) {
        return serve(theatre, std::move(client));
    };
    asio::co_spawn(engine.executor(), server.serve(handler), asio::detached);
    for (const char* who : {"Ann", "Ben"})
        asio::co_spawn(engine.executor(), book(engine, server.addresses().front(), who), asio::use_future)
            .get();
}
