// Guide, step 2: stations say who they are and tell what they measure; the
// centre remembers, and displays ask for it.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Everything about it happens on the engine's thread, so it needs no lock.
class Centre {
public:
    // Before anybody is let in: 0 is yes, what else it means is ours to say.
    static std::uint8_t judge(flows::Hello& hello) {
        const auto station = hello.request.textHeaders.find("station");
        return !station || *station == "north" || *station == "south" ? 0 : 1;
    }

    asio::awaitable<void> serve(flows::Peer client) {
        const auto station = client.hello()->textHeaders.find("station");
        for (;;) {
            MessagePtr message = co_await client.receive();
            if (message->header.opCode == OpCode::Signal && station)
                latest_[std::string(*station)] = message->body.view();
            else if (message->header.opCode == OpCode::Request)
                co_await answer(client, std::move(message));
        }
    }

private:
    asio::awaitable<void> answer(flows::Peer client, MessagePtr request) {
        const auto found = latest_.find(request->body.view());
        if (found == latest_.end())
            co_await client.respond(std::move(request), "no such station", 1);
        else
            co_await client.respond(std::move(request), found->second);
    }

    std::map<std::string, std::string, std::less<>> latest_;
};

asio::awaitable<void> measure(tempeh::Ampe& engine, tempeh::Address address,
                              std::string name) {
    const std::array headers{tempeh::TextHeader{"station", name}};
    const flows::ConnectOptions options{.headers = headers};
    try {
        flows::Peer centre = co_await flows::connect(engine, address, options);
        for (const std::string_view reading : {"12.4", "12.5", "12.7"})
            co_await centre.send(centre.newMessage(OpCode::Signal, reading));
        // Goes behind everything sent before: the reply proves the peer
        // received all of it.
        const MessagePtr bye = co_await centre.close();
        fmt::print("{} {}\n", name, bye ? "was heard" : "may not be heard");
    } catch (const flows::Refused& refused) {
        fmt::print("{} was refused, status {}\n", name, refused.rawStatus());
    }
}

asio::awaitable<void> show(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer centre = co_await flows::connect(engine, address);
    for (const std::string_view station : {"north", "moon"}) {
        MessagePtr question = centre.newMessage(OpCode::Request, station);
        MessagePtr answer = co_await centre.request(std::move(question), 5s);
        if (!answer) co_return;
        fmt::print("{}: {} (status {})\n", station, answer->body.view(),
                   answer->header.status);
    }
    co_await centre.close();
}

int main() {
    tempeh::Reactor engine;
    Centre centre;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}},
                         {.accept = Centre::judge});
    const flows::Handler serve = [&centre](flows::Peer client) {
        return centre.serve(std::move(client));
    };
    asio::co_spawn(engine.executor(), server.serve(serve), asio::detached);

    const tempeh::Address address = server.addresses().front();
    const auto run = [&engine](asio::awaitable<void> task) {
        asio::co_spawn(engine.executor(), std::move(task), asio::use_future)
            .get();
    };
    run(measure(engine, address, "north"));
    run(measure(engine, address, "atlantis"));
    run(show(engine, address));
    engine.shutdown(1s);  // before the centre goes, which its handlers use
}
