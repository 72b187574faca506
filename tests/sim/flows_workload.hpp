#pragma once

#include "base/random.hpp"
#include "sim/stopped.hpp"

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

/// One seed's worth of servers that ask back and send what nobody asked for, peers, streams and links that
/// reconnect; the server crashes and comes again now and then, and processes are stopped for a while. Throws
/// when a rule is broken: an answer belongs to its request; no request is carried out twice unless its caller
/// allowed it; one that was answered was carried out; on a good network what is asked is answered, whatever
/// else there is; a timeout comes when it is due, or when the process goes on; what a stream brings is what
/// was sent, or its reader is told; everything ends.
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
        std::uint64_t askedBack = 0;
    };
    const Counts& counts() const noexcept { return counts_; }

private:
    /// What became of a request, as both sides tell.
    struct Request {
        int carriedOut = 0;
        bool isAnswered = false;
        bool mayRepeat = false;
    };

    /// Until then a request is answered that nothing keeps from it, however slow the network.
    static constexpr Duration certainlyIn = std::chrono::minutes(10);

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
    void suspend(const std::string& name, const Ampe& engine);
    void somethingHappens();
    void finish();

    asio::awaitable<void> serve(flows::Server& server);
    asio::awaitable<void> handle(flows::Peer peer);
    asio::awaitable<void> carryOut(flows::Peer peer, MessagePtr request);
    asio::awaitable<void> takeStream(flows::Peer peer, MessagePtr first);
    asio::awaitable<void> giveStream(flows::Peer peer, MessagePtr request);
    asio::awaitable<void> pester(flows::Peer peer, MessageId request);
    asio::awaitable<void> askBack(flows::Peer peer, const std::string& token);
    asio::awaitable<void> plainClient(Ampe& engine, Address address);
    asio::awaitable<void> linkClient(Ampe& engine, Address address);
    asio::awaitable<void> askMuch(flows::ReconnectingPeer link, Ampe& engine, bool mayRepeat, int requests,
                                  int& running);
    asio::awaitable<void> ask(flows::Peer peer, Ampe& engine, bool answers);
    asio::awaitable<void> askCertainly(flows::Peer peer);
    asio::awaitable<void> answerBack(flows::Peer peer);
    asio::awaitable<void> fetchStream(flows::Peer peer);
    asio::awaitable<void> sendStream(flows::Peer peer);
    asio::awaitable<void> stopServer(flows::Server& server);

    flows::StreamOptions anyCut();
    asio::awaitable<std::uint64_t> readAndCompare(flows::StreamReader reader, std::uint64_t seed);
    asio::awaitable<bool> writeBytes(flows::StreamWriter& writer, std::uint64_t seed, std::uint64_t size);

    void checkTimes(const Ampe& engine, TimePoint start, Duration timeout, bool isAnswered);
    std::string newRequest(bool mayRepeat);
    void onAnswer(const std::string& token, const Message& answer);
    bool isExpected(const Error& error) const;

    base::Random random_;
    const bool speaks_;
    bool isFaulty_;
    bool isCoarse_;
    std::deque<flows::Server> servers_;
    std::vector<Ampe*> engines_;
    Ampe* server_ = nullptr;  // the one there is
    Ampe* client0_ = nullptr;
    std::map<const Ampe*, Stopped> stopped_;
    std::map<std::string, Request> requests_;
    Counts counts_;
    int coroutines_ = 0;
    bool isEnding_ = false;
    testing::SimulatedNetwork network_;  // goes first, and with it the coroutines that use the others
};

}  // namespace tempeh::test
