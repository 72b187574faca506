// Shows: one port served by several engines, each with its own thread.
// Use it when: one core is not enough for your handlers.
// Prints: on how many threads the handlers ran, and how the requests ended.

#include <tempeh/flows.hpp>

#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

/// Handlers run on several threads, so their shared state has a lock.
class Threads {
public:
    void note() {
        const std::scoped_lock lock(mutex_);
        ids_.insert(std::this_thread::get_id());
    }
    std::size_t count() {
        const std::scoped_lock lock(mutex_);
        return ids_.size();
    }

private:
    std::mutex mutex_;
    std::set<std::thread::id> ids_;
};

int main() {
    Threads threads;
    tempeh::ReactorGroup reactors(3);  // 0: as many as the machine has
    flows::Server server(reactors, {tempeh::TcpServerAddress("127.0.0.1", 0)});
    const flows::Handler serveClient = [&threads](flows::Peer client) -> asio::awaitable<void> {
        threads.note();  // from here to its end a handler stays on one thread
        for (;;) {
            MessagePtr request = co_await client.receive();
            if (request->header.opCode != OpCode::Request) continue;
            const int number = std::stoi(std::string(request->body.view()));
            const std::string answer = fmt::format("{} squared is {}", number, number * number);
            co_await client.respond(std::move(request), answer);
        }
    };
    std::future<void> serving = server.serve(serveClient, asio::use_future);

    tempeh::Reactor elsewhere;
    const tempeh::Address address = server.addresses().front();
    std::vector<flows::BlockingPeer> clients;
    for (int i = 0; i < 6; ++i)
        clients.push_back(flows::connectBlocking(elsewhere, address));
    for (int i = 0; i < 6; ++i) {
        MessagePtr request = clients[static_cast<std::size_t>(i)].newMessage(OpCode::Request);
        request->body.append(std::to_string(i));
        const MessagePtr answer = clients[static_cast<std::size_t>(i)].request(std::move(request), 10s);
        fmt::print("{}\n", answer->body.view());
    }
    fmt::print("{} clients, handlers on {} threads\n", server.counters().accepted, threads.count());

    clients.clear();
    const bool isClean = server.stop(10s, asio::use_future).get();
    serving.get();
    fmt::print("stopped {}\n", isClean ? "in order" : "by force");
}
