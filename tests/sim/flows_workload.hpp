#pragma once

#include "base/random.hpp"

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tempeh::test {

/// One seed's worth of servers, peers, streams and links that reconnect, whose server crashes and comes again
/// now and then. Throws when a rule is broken: an answer belongs to its request; no request is carried out
/// twice unless its caller allowed it; one that was answered was carried out; a timeout comes when it is due;
/// what a stream brings is what was sent, or its reader is told; everything ends.
class FlowsWorkload {
public:
    explicit FlowsWorkload(std::uint64_t seed, bool speaks = false);
    ~FlowsWorkload();
    FlowsWorkload(const FlowsWorkload&) = delete;
    FlowsWorkload& operator=(const FlowsWorkload&) = delete;

    void run();

    testing::SimulatedNetwork& network() noexcept { return network_; }

    struct Counts {
        std::uint64_t answered = 0;
        std::uint64_t unanswered = 0;
        std::uint64_t streams = 0;
    };
    const Counts& counts() const noexcept { return counts_; }

private:
    /// What became of a request, as both sides tell.
    struct Request {
        int carriedOut = 0;
        bool isAnswered = false;
        bool mayRepeat = false;
    };

    std::uint32_t below(std::uint32_t limit) { return random_.below(limit); }
    bool oneIn(std::uint32_t count) { return random_.below(count) == 0; }
    /// In half of the seeds whole ones, so that much happens at the same moment.
    Duration millis(std::uint32_t most) {
        if (isCoarse_) return std::chrono::milliseconds(below(most + 1));
        return std::chrono::microseconds(below(most * 1000 + 1));
    }
    void say(const char* what, const Message& message);
    [[noreturn]] void fail(const std::string& what) const;

    void startServer();
    void startClient(int index);
    void somethingHappens();
    void finish();

    asio::awaitable<void> serve(flows::Server& server);
    asio::awaitable<void> handle(flows::Peer peer);
    asio::awaitable<void> carryOut(flows::Peer peer, MessagePtr request);
    asio::awaitable<void> takeStream(flows::Peer peer, MessagePtr first);
    asio::awaitable<void> plainClient(Ampe& engine, Address address);
    asio::awaitable<void> linkClient(Ampe& engine, Address address);
    asio::awaitable<void> askMuch(flows::ReconnectingPeer link, bool mayRepeat, int requests, int& running);
    asio::awaitable<void> ask(flows::Peer peer);
    asio::awaitable<void> sendStream(flows::Peer peer);
    asio::awaitable<void> stopServer(flows::Server& server);

    std::string newRequest(bool mayRepeat);
    void onAnswer(const std::string& token, const Message& answer);
    bool isExpected(const Error& error) const;

    base::Random random_;
    const bool speaks_;
    bool isFaulty_;
    bool isCoarse_;
    std::deque<flows::Server> servers_;
    std::vector<Ampe*> engines_;
    std::map<std::string, Request> requests_;
    Counts counts_;
    int coroutines_ = 0;
    bool isEnding_ = false;
    testing::SimulatedNetwork network_;  // goes first, and with it the coroutines that use the others
};

}  // namespace tempeh::test
