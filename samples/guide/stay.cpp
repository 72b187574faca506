// Guide, step 5: a station that stays connected while centres come and go, and
// whose readings are confirmed, so that none is lost.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// A centre with a name, as a process of its own would be.
class Centre {
public:
    Centre(tempeh::Reactor& engine, std::string path, std::string name)
        : server_(engine, {tempeh::UdsServerAddress{std::move(path)}})
        , name_(std::move(name)) {
        const flows::Handler serve = [name = name_](flows::Peer station) {
            return confirm(std::move(station), name);
        };
        asio::co_spawn(engine.executor(), server_.serve(serve), asio::detached);
        server_.addresses();  // waits until it listens
    }

private:
    static asio::awaitable<void> confirm(flows::Peer station,
                                         std::string name) {
        for (;;) {
            MessagePtr message = co_await station.receive();
            if (message->header.opCode == OpCode::Request)
                co_await station.respond(std::move(message), name);
        }
    }

    flows::Server server_;
    std::string name_;
};

// A reading is a request now: it is done when somebody has confirmed it.
asio::awaitable<std::string> report(flows::ReconnectingPeer centre,
                                    std::string reading) {
    MessagePtr request = centre.newMessage(OpCode::Request, reading);
    MessagePtr answer = co_await centre.request(std::move(request), 30s);
    if (!answer) co_return reading + ": not confirmed in 30 s";
    co_return reading + ": noted by " + std::string(answer->body.view());
}

int main() {
    tempeh::Reactor engine;
    const std::string path = tempeh::temporaryUdsPath();

    const flows::ReconnectOptions options{
        .backoff = {.initial = 10ms, .max = 100ms},
        .unanswered = flows::Unanswered::SendAgain,  // twice is no harm here
        .heartbeat = {.interval = 10s, .silence = 30s},
    };
    const flows::ReconnectingPeer centre(engine, tempeh::UdsClientAddress{path},
                                         options);
    const auto start = [&](const std::string& reading) {
        return asio::co_spawn(engine.executor(), report(centre, reading),
                              asio::use_future);
    };

    // There is no centre at all when the station begins.
    std::future<std::string> first = start("12.4");
    {
        const Centre morning(engine, path, "the morning's centre");
        fmt::print("{}\n", first.get());
    }
    std::future<std::string> second = start("12.5");
    const Centre evening(engine, path, "the evening's centre");
    fmt::print("{}\n", second.get());
}
