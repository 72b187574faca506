#pragma once

#include "faults/world.hpp"

#include <tempeh/flows.hpp>

#include <functional>
#include <future>
#include <string>

namespace tempeh::faults {

/// What a client does with a server, as a coroutine; what it throws is as good as success.
using Act = std::function<asio::awaitable<void>(Ampe& engine, Address server)>;
/// Likewise, on a thread.
using BlockingAct = std::function<void(Ampe& engine, const Address& server)>;

/// A server and its clients, each with an engine: whatever fails in one conversation, the next client is
/// served, and nothing is left of the last.
class FlowsScene {
public:
    FlowsScene();
    ~FlowsScene();
    FlowsScene(const FlowsScene&) = delete;
    FlowsScene& operator=(const FlowsScene&) = delete;

    /// One conversation; then what was wrong, one a line. On the engine's thread, on a context of the
    /// application's, on this thread.
    std::string beside(const Act& act);
    std::string elsewhere(const Act& act);
    std::string onThread(const BlockingAct& act);

    const Address& address() const noexcept { return address_; }
    Ampe& clients() noexcept { return clients_.engine(); }

private:
    std::string settle();
    std::string checkService();

    Node serverNode_{Home::OwnThread};
    Node clients_{Home::OwnThread};
    flows::Server server_;
    std::future<void> served_;
    Address address_;
};

/// Serves requests and streams: sends back what they say. "no" gets no answer.
asio::awaitable<void> answerAll(flows::Peer peer);

}  // namespace tempeh::faults
