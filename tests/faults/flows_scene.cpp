#include "faults/flows_scene.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <exception>

namespace tempeh::faults {

using namespace std::chrono_literals;

namespace {

constexpr Duration longEnough = 15s;  // much longer than any timeout here
constexpr std::size_t longest = 1'000'000;

asio::awaitable<void> answerStream(flows::Peer peer, MessagePtr first) {
    const MessageId id = first->header.messageId;
    flows::StreamReader reader(peer, std::move(first));
    const std::string all = co_await reader.readAll(longest);
    flows::StreamWriter answer(peer, id);
    co_await answer.write(all);
    co_await answer.finish();
}

std::vector<Address> anyPort() {
    return {TcpServerAddress{"127.0.0.1", 0}};
}

/// What the test itself needs does not fail: beginning a coroutine, and the frame of it.
asio::awaitable<void> run(const Act& act, Ampe& engine, Address server) {
    const Spared spared;
    auto acting = act(engine, std::move(server));
    const Exposed exposed;
    co_await std::move(acting);
}

}  // namespace

asio::awaitable<void> answerAll(flows::Peer peer) {
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Request) continue;
        if (message->hasMore())
            co_await answerStream(peer, std::move(message));
        else if (message->body.view() != "no")
            co_await peer.respond(std::move(message));
    }
}

FlowsScene::FlowsScene()
    : server_(serverNode_.engine(), anyPort())
    , served_(asio::co_spawn(server_.executor(), server_.serve(answerAll), asio::use_future))
    , address_(server_.addresses().front()) {
    checkService();
}

FlowsScene::~FlowsScene() {
    asio::co_spawn(server_.executor(), server_.stop(longEnough), asio::use_future).get();
}

std::string FlowsScene::beside(const Act& act) {
    const auto executor = flows::PeerGroup(clients()).executor();
    try {
        asio::co_spawn(executor, run(act, clients(), address_), asio::use_future).get();
    } catch (const std::exception&) {
        return settle();
    }
    return settle();
}

std::string FlowsScene::elsewhere(const Act& act) {
    asio::io_context context;
    auto acted = asio::co_spawn(context, run(act, clients(), address_), asio::use_future);
    {
        const Exposed exposed;
        context.run();
    }
    try {
        acted.get();
    } catch (const std::exception&) {
        return settle();
    }
    return settle();
}

std::string FlowsScene::onThread(const BlockingAct& act) {
    try {
        const Exposed exposed;
        act(clients(), address_);
    } catch (const std::exception&) {
        return settle();
    }
    return settle();
}

std::string FlowsScene::settle() {
    const bool hasFired = disarm();
    const TimePoint end = std::chrono::steady_clock::now() + longEnough;
    const auto isQuiet = [](const EngineStats& stats, std::size_t groups) {
        return stats.groups == groups && stats.pool.outstanding == 0;
    };
    EngineStats server = serverNode_.engine().stats();
    EngineStats client = clients().stats();
    while ((!isQuiet(server, 1) || !isQuiet(client, 0) || server_.counters().peers != 0) &&
           std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
        server = serverNode_.engine().stats();
        client = clients().stats();
    }
    std::string wrong;
    if (!isQuiet(client, 0))
        wrong += "left behind by the client: " + std::to_string(client.groups) + " groups, " +
                 std::to_string(client.pool.outstanding) + " messages\n";
    if (!isQuiet(server, 1) || server_.counters().peers != 0)
        wrong += "left behind by the server: " + std::to_string(server.groups) + " groups, " +
                 std::to_string(server.pool.outstanding) + " messages, " +
                 std::to_string(server_.counters().peers) + " peers\n";
    wrong += checkService();
    if (hasFired) markFired();
    return wrong;
}

std::string FlowsScene::checkService() {
    using namespace std::chrono_literals;
    if (served_.wait_for(0s) == std::future_status::ready) {
        try {
            served_.get();
        } catch (const std::exception& error) {
            return std::string("the server serves nobody any more: ") + error.what() + "\n";
        }
        return "the server serves nobody any more\n";
    }
    try {
        const flows::BlockingPeer peer = flows::connectBlocking(clients(), address_, {.timeout = longEnough});
        if (peer.request(peer.newMessage(OpCode::Request, "still there?"), longEnough) == nullptr)
            return "the server does not answer the next client\n";
        peer.close();
    } catch (const std::exception& error) {
        return std::string("the next client is not served: ") + error.what() + "\n";
    }
    return {};
}

}  // namespace tempeh::faults
