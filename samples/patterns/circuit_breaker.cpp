// Shows: a circuit breaker around a server that is overloaded for a while.
// Use it when: a service that fails should be left alone, and its callers should not wait for it.
// Prints: what became of each question, and how many of them the server saw.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// --- The server: says "overloaded", with a status, to its first questions. ---

class Flaky {
public:
    asio::awaitable<void> answer(flows::Peer client) {
        for (;;) {
            MessagePtr request = co_await client.receive();
            if (request->header.opCode != OpCode::Request) continue;
            if (++questions_ <= 3)
                co_await client.respond(std::move(request), "overloaded", 1);
            else
                co_await client.respond(std::move(request), fmt::format("answer {}", questions_));
        }
    }
    int questions() const { return questions_; }

private:
    int questions_ = 0;
};

// --- The client. ---

bool isGood(const MessagePtr& answer) {
    return answer != nullptr && answer->header.status == 0;
}

void tell(const flows::CircuitChange& change) {
    fmt::print("  {} -> {}\n", flows::nameOf(change.from), flows::nameOf(change.to));
}

// Returns when to ask again: now, unless the breaker is open.
asio::awaitable<tempeh::TimePoint> ask(flows::CircuitBreaker breaker, flows::Peer server) {
    try {
        MessagePtr question = server.newMessage(OpCode::Request, "how much?");
        const MessagePtr answer = co_await breaker.run(server.request(std::move(question), 30s), isGood);
        fmt::print("{}\n", answer ? answer->body.view() : "no answer in time");
    } catch (const flows::CircuitOpen& open) {
        fmt::print("not asked: it is open\n");
        co_return open.until();
    }
    co_return tempeh::TimePoint::min();
}

asio::awaitable<void> askAll(tempeh::Ampe& engine, tempeh::Address address) {
    const flows::CircuitBreaker breaker({.failureThreshold = 3,
                                         .recoveryTimeout = 500ms,
                                         .successThreshold = 2,
                                         .halfOpenProbes = 1,
                                         .onChange = tell});
    flows::Peer server = co_await flows::connect(engine, address);
    for (int question = 1; question <= 7; ++question) {
        const tempeh::TimePoint again = co_await ask(breaker, server);
        if (again > engine.now()) co_await server.sleep(again - engine.now());
    }
    co_await server.close();
}

int main() {
    tempeh::Reactor engine;
    Flaky flaky;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    const flows::Handler handler = [&flaky](flows::Peer client) { return flaky.answer(std::move(client)); };
    asio::co_spawn(engine.executor(), server.serve(handler), asio::detached);
    asio::co_spawn(engine.executor(), askAll(engine, server.addresses().front()), asio::use_future).get();
    fmt::print("the server saw {} of 7 questions\n", flaky.questions());
}
