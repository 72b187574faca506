#include "sim/flows_workload.hpp"

#include "sim/any_network.hpp"
#include "sim/presence.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace tempeh::test {

using namespace std::chrono_literals;
using testing::SimulationOptions;

namespace {

constexpr std::uint64_t flowsSalt = 0xf10e'5bad'cafe'0001U;
constexpr std::uint16_t port = 7099;

SimulationOptions flowsNetworkOptions(std::uint64_t seed, bool isFaulty) {
    base::Random random(seed ^ ~flowsSalt);
    return anyNetwork(seed, isFaulty, random, {.least = 200, .small = 4000});
}

std::string padded(const std::string& token, std::size_t size) {
    return fmt::format("{} {:x>{}}", token, "", size);
}

}  // namespace

FlowsWorkload::FlowsWorkload(std::uint64_t seed, bool speaks)
    : random_(seed ^ flowsSalt)
    , speaks_(speaks)
    , isFaulty_(random_.below(2) == 0)
    , isCoarse_(random_.below(2) == 0)
    , network_(flowsNetworkOptions(seed, isFaulty_)) {}

FlowsWorkload::~FlowsWorkload() {
    isEnding_ = true;
    servers_.clear();
}

void FlowsWorkload::fail(const std::string& what) const {
    throw std::logic_error(fmt::format("rule broken: {}", what));
}

/// For a seed that is looked into: a line among those of the network.
void FlowsWorkload::say(const char* what, const Message& message) {
    network_.note(fmt::format("{} {} {}{} of {} bytes on {}", what, nameOf(message.header.opCode),
                              message.header.messageId, message.hasMore() ? ", more," : "",
                              message.body.size(), message.header.channelNumber));
}

bool FlowsWorkload::isExpected(const Error& error) const {
    const error_code code = error.code();
    return code == Status::ChannelClosed || code == Status::Returned || code == Status::ShutdownStarted ||
           code == Status::ConnectFailed || code == Status::PeerDisconnected ||
           code == Status::CommunicationFailed || code == Status::TooManyChannels ||
           code == Status::ProcessingFailed || (isEnding_ && code == asio::error::operation_aborted) ||
           (code == Status::NotAllowed);  // a reader that wants no more
}

// --- The whole ---

void FlowsWorkload::run() {
    startServer();
    for (int i = 0, count = static_cast<int>(1 + below(3)); i < count; ++i)
        startClient(i);
    for (std::uint32_t i = 1 + below(5); i != 0; --i) {
        network_.runFor(oneIn(4) ? millis(5000) : millis(400));
        somethingHappens();
    }
    finish();
}

void FlowsWorkload::startServer() {
    Options options;
    options.initialPoolMessages = 0;
    options.maxPoolMessages = oneIn(4) ? 8 + below(30) : 4096;
    options.sendQueueMessages = oneIn(3) ? 2 + below(20) : 4096;
    Ampe& engine = network_.createEngine("server", options);
    engines_.push_back(server_ = &engine);
    servers_.emplace_back(engine,
                          std::vector<Address>{TcpServerAddress{"", port}, UdsServerAddress{"/server", {}}});
    network_.spawn("server", serve(servers_.back()));
}

void FlowsWorkload::startClient(int index) {
    Options options;
    options.initialPoolMessages = 0;
    options.maxPoolMessages = oneIn(4) ? 8 + below(30) : 4096;
    options.sendQueueMessages = oneIn(3) ? 2 + below(20) : 4096;
    const std::string name = fmt::format("client{}", index);
    Ampe& engine = network_.createEngine(name, options);
    engines_.push_back(&engine);
    if (index == 0) client0_ = &engine;
    Address address = TcpClientAddress{"server", port};
    if (oneIn(2)) address = UdsClientAddress{"/server"};
    const bool isLink = oneIn(2);
    asio::awaitable<void> client = isLink ? linkClient(engine, address) : plainClient(engine, address);
    if (oneIn(3))
        network_.spawn(std::move(client));
    else
        network_.spawn(name, std::move(client));
}

/// Its process is stopped for a while.
void FlowsWorkload::suspend(const std::string& name, const Ampe& engine) {
    Stopped& stopped = stopped_[&engine];
    network_.suspend(name);
    stopped.stop(network_.now());
    network_.runFor(oneIn(3) ? millis(12'000) : millis(200));
    stopped.goOn(network_.now());
    network_.resume(name);
}

void FlowsWorkload::somethingHappens() {
    switch (below(isFaulty_ ? 5 : 3)) {
        case 0:
            if (oneIn(2)) return suspend("client0", *client0_);
            return suspend("server", *server_);
        case 3:
            network_.crash("server");
            network_.runFor(millis(500));
            return startServer();
        case 4:
            network_.partition("server", "client0");
            network_.runFor(millis(3000));
            return network_.heal();
        default:
            return;
    }
}

void FlowsWorkload::finish() {
    network_.setFaults(false);
    network_.heal();
    network_.runFor(isFaulty_ ? 20s : 2 * certainlyIn);
    isEnding_ = true;
    network_.spawn(stopServer(servers_.back()));
    network_.runFor(20s);
    for (Ampe* engine : engines_)
        engine->shutdown(5s);
    network_.run();
    if (coroutines_ != 0) fail(std::to_string(coroutines_) + " coroutines wait for ever");
    for (const auto& [token, request] : requests_) {
        if (request.carriedOut > 1 && !request.mayRepeat) fail(token + " was carried out twice");
        if (request.isAnswered && request.carriedOut == 0) fail(token + " was answered and not carried out");
    }
    servers_.clear();
    network_.run();
    for (Ampe* engine : engines_)
        if (engine->stats().pool.outstanding != 0)
            fail(std::to_string(engine->stats().pool.outstanding) + " messages are not back in the pool");
}

asio::awaitable<void> FlowsWorkload::stopServer(flows::Server& server) {
    const Presence presence(coroutines_);
    co_await server.stop(5s);
    if (server.counters().peers != 0) fail("a server that was stopped serves on");
    if (server.counters().handlerFailures != 0) fail("a handler failed");
}

// --- Serving ---

asio::awaitable<void> FlowsWorkload::serve(flows::Server& server) {
    const Presence presence(coroutines_);
    flows::Handler handler = [this](flows::Peer peer) { return handle(std::move(peer)); };
    co_await server.serve(std::move(handler));
}

asio::awaitable<void> FlowsWorkload::handle(flows::Peer peer) {
    const Presence presence(coroutines_);
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (speaks_) say("serves", *message);
        if (message->header.opCode == OpCode::ByeRequest) {
            co_await peer.respond(std::move(message));
        } else if (message->header.opCode == OpCode::Request && message->textHeaders.find("Stream")) {
            co_await takeStream(peer, std::move(message));
        } else if (message->header.opCode == OpCode::Request && message->textHeaders.find("Fetch")) {
            network_.spawn(giveStream(peer, std::move(message)));
        } else if (message->header.opCode == OpCode::Request && message->textHeaders.find("Certain")) {
            co_await peer.respond(std::move(message));
        } else if (message->header.opCode == OpCode::Request) {
            if (oneIn(2))
                co_await carryOut(peer, std::move(message));
            else
                network_.spawn(carryOut(peer, std::move(message)));
        }
    }
}

asio::awaitable<void> FlowsWorkload::carryOut(flows::Peer peer, MessagePtr request) {
    const Presence presence(coroutines_);
    try {
        const std::string token(request->body.view().substr(0, request->body.view().find(' ')));
        if (!requests_.contains(token)) fail("a request nobody made: " + token);
        ++requests_[token].carriedOut;
        if (oneIn(8)) co_return;  // no answer
        if (oneIn(3)) co_await peer.sleep(millis(100));
        if (oneIn(8)) network_.spawn(pester(peer, request->header.messageId));
        if (request->textHeaders.find("Ask-Back")) co_await askBack(peer, token);
        if (oneIn(4)) {
            MessagePtr progress = peer.newMessage(OpCode::Signal, token);
            progress->header.messageId = request->header.messageId;
            co_await peer.send(std::move(progress));
        }
        co_await peer.respond(std::move(request));
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

// --- Asking ---

void FlowsWorkload::checkTimes(const Ampe& engine, TimePoint start, Duration timeout, bool isAnswered) {
    const TimePoint now = network_.now();
    if (now > stopped_[&engine].latest(start + timeout)) fail("a request took longer than its timeout");
    if (!isAnswered && now - start < timeout) fail("a request timed out before its time");
}

std::string FlowsWorkload::newRequest(bool mayRepeat) {
    const std::string token = fmt::format("r{}", requests_.size() + 1);
    requests_[token].mayRepeat = mayRepeat;
    return token;
}

void FlowsWorkload::onAnswer(const std::string& token, const Message& answer) {
    if (answer.header.opCode != OpCode::Response) fail("an answer that is none");
    if (answer.body.view().substr(0, answer.body.view().find(' ')) != token)
        fail("the answer to another request: " + std::string(answer.body.view().substr(0, 20)) + " for " +
             token);
    if (std::exchange(requests_[token].isAnswered, true)) fail(token + " was answered twice");
    ++counts_.answered;
}

asio::awaitable<void> FlowsWorkload::plainClient(Ampe& engine, Address address) {
    const Presence presence(coroutines_);
    for (int life = 0; life < 4 && !isEnding_; ++life) {
        try {
            flows::ConnectOptions options;
            options.attempts = 0;
            options.timeout = 20s;
            flows::Peer peer = co_await flows::connect(engine, address, options);
            std::optional<flows::Heartbeat> heartbeat;
            const bool answers = oneIn(2);
            if (answers) network_.spawn(answerBack(peer));
            if (isFaulty_ || oneIn(2))
                heartbeat.emplace(peer, flows::HeartbeatOptions{.interval = 500ms, .silence = 6s});
            for (std::uint32_t i = 1 + below(4); i != 0; --i) {
                if (oneIn(3))
                    network_.spawn(sendStream(peer));
                else if (oneIn(3))
                    network_.spawn(fetchStream(peer));
                else
                    network_.spawn(ask(peer, engine, answers));
            }
            for (std::uint32_t i = below(20); i != 0; --i)
                co_await ask(peer, engine, answers);
            if (oneIn(2)) co_await sendStream(peer);
            if (oneIn(2)) co_await askCertainly(peer);
            if (oneIn(2)) co_await peer.close();
            if (oneIn(4)) peer.abort();
        } catch (const Error& error) {
            if (!isExpected(error)) throw;
        }
    }
}

/// `answers`: the client answers what it is asked meanwhile.
asio::awaitable<void> FlowsWorkload::ask(flows::Peer peer, Ampe& engine, bool answers) {
    const Presence presence(coroutines_);
    try {
        const std::string token = newRequest(false);
        MessagePtr request = peer.newMessage(OpCode::Request, padded(token, below(oneIn(5) ? 30'000 : 50)));
        if (answers && oneIn(4)) request->textHeaders.append("Ask-Back", "1");
        const Duration timeout = oneIn(3) ? millis(300) : 8s;
        const TimePoint start = network_.now();
        const MessagePtr answer = co_await peer.request(std::move(request), timeout);
        checkTimes(engine, start, timeout, answer != nullptr);
        if (answer != nullptr)
            onAnswer(token, *answer);
        else
            ++counts_.unanswered;
    } catch (const Error& error) {
        ++counts_.unanswered;
        if (!isExpected(error)) throw;
    }
}

asio::awaitable<void> FlowsWorkload::linkClient(Ampe& engine, Address address) {
    const Presence presence(coroutines_);
    flows::ReconnectOptions options;
    options.attemptTimeout = 2s;
    options.backoff.max = 500ms;
    const bool mayRepeat = oneIn(2);
    options.unanswered = mayRepeat ? flows::Unanswered::SendAgain : flows::Unanswered::Fail;
    flows::ReconnectingPeer link(engine, address, options);
    int running = 0;
    for (std::uint32_t i = 1 + below(3); i != 0; --i)
        network_.spawn(askMuch(link, engine, mayRepeat, static_cast<int>(1 + below(20)), running));
    co_await network_.sleep(1ms);
    while (running != 0)
        co_await network_.sleep(20ms);
    co_await link.close();
    const flows::ReconnectCounters counters = link.counters();
    if (counters.requests != counters.answered + counters.timedOut + counters.failed)
        fail("the counters of a link do not add up");
}

asio::awaitable<void> FlowsWorkload::askMuch(flows::ReconnectingPeer link, Ampe& engine, bool mayRepeat,
                                             int requests, int& running) {
    const Presence presence(coroutines_);
    const Presence counted(running);
    for (; requests != 0 && !isEnding_; --requests) {
        try {
            const std::string token = newRequest(mayRepeat);
            MessagePtr request = link.newMessage(OpCode::Request, padded(token, below(2000)));
            const Duration timeout = oneIn(3) ? millis(300) : 8s;
            const TimePoint start = network_.now();
            const MessagePtr answer = co_await link.request(std::move(request), timeout);
            checkTimes(engine, start, timeout, answer != nullptr);
            if (answer != nullptr) onAnswer(token, *answer);
        } catch (const Error& error) {
            if (!isExpected(error)) throw;
        }
        if (oneIn(4)) co_await network_.sleep(millis(200));
    }
}

}  // namespace tempeh::test
