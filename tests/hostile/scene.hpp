#pragma once

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <tempeh/tempeh.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// A server under attack and a client that behaves: what the one sees, and that the other is served.
namespace tempeh::test::hostile {

/// What the server's application saw of a channel that is not the honest client's.
struct Seen {
    ChannelNumber channel = 0;
    OpCode opCode = OpCode::Signal;
    bool isFromEngine = false;
    Status status = Status::Success;
    std::string reason;
    std::string peer;
    std::string body;
};

/// Echoes Requests, answers HelloRequests, drops what else comes, byes included, in a thread of its own.
class Server {
public:
    Server(const Options& options, const Address& where)
        : reactor(options), party_(reactor), listening_(party_.listen(where)), thread_([this] { serve(); }) {}
    ~Server() {
        isOver_ = true;
        party_.channels.updateReceiver();
        thread_.join();
    }

    const Address& address() const { return listening_.address; }
    ChannelNumber listener() const { return listening_.channel; }
    EngineStats stats() const { return reactor.stats(); }

    /// A connection that bytes can be written to by hand.
    raw::Peer connect() const {
        if (const auto* uds = std::get_if<UdsClientAddress>(&address()))
            return raw::Peer::connectTo(uds->path);
        return raw::Peer::connectTo(std::get<TcpClientAddress>(address()).port);
    }

    /// The next thing seen; fails the test when there is none.
    Seen next() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return !seen_.empty(); }))
            throw std::runtime_error("the server's application saw nothing");
        Seen first = std::move(seen_.front());
        seen_.pop_front();
        return first;
    }
    /// The next ChannelClosed, whatever came before it.
    Seen nextClosed() {
        for (;;) {
            Seen seen = next();
            if (seen.isFromEngine && seen.status == Status::ChannelClosed) return seen;
        }
    }
    std::size_t unseen() {
        const std::scoped_lock lock(mutex_);
        return seen_.size();
    }
    /// Messages to a channel until its queue is full; how many were taken. Bodies of `size` bytes.
    std::size_t fillQueue(ChannelNumber channel, std::size_t size = 60'000) {
        for (std::size_t posted = 0;; ++posted) {
            MessagePtr message = party_.make(OpCode::Signal, channel);
            message->body.prepare(size);
            message->body.commit(size);
            error_code ec;
            party_.group.post(std::move(message), ec);
            if (ec) return posted;
        }
    }
    void post(OpCode opCode, ChannelNumber channel) {
        error_code ec;
        party_.group.post(party_.make(opCode, channel), ec);
    }
    void waitWritable(ChannelNumber channel) {
        error_code ec;
        const bool isWritable = party_.channels.waitWritable(channel, patience, ec);
        EXPECT_TRUE(isWritable) << ec;
    }

    Reactor reactor;

private:
    void serve() {
        while (!isOver_) {
            error_code ec;
            MessagePtr message = party_.channels.waitReceive(patience, ec);
            if (ec) return;
            if (message == nullptr || statusOf(*message) == Status::ReceiverUpdate) continue;
            const ChannelNumber channel = message->header.channelNumber;
            if (message->header.opCode == OpCode::HelloRequest && message->body.view() == "honest")
                honest_.push_back(channel);
            if (std::ranges::find(honest_, channel) == honest_.end()) note(*message);
            answer(std::move(message));
        }
    }
    void note(const Message& message) {
        const std::scoped_lock lock(mutex_);
        seen_.push_back({.channel = message.header.channelNumber,
                         .opCode = message.header.opCode,
                         .isFromEngine = message.isFromEngine(),
                         .status = statusOf(message),
                         .reason = reasonOf(message),
                         .peer = peerOf(message),
                         .body = std::string(message.body.view())});
        changed_.notify_all();
    }
    void answer(MessagePtr message) {
        if (message->isFromEngine()) return;
        if (message->header.opCode == OpCode::HelloRequest) {
            message->header.opCode = OpCode::HelloResponse;
        } else if (message->header.opCode == OpCode::Request) {
            message->header.opCode = OpCode::Response;
        } else {
            return;
        }
        error_code ec;
        party_.group.post(std::move(message), ec);  // a full queue is the peer's own doing
    }

    Party party_;
    Listening listening_;
    std::vector<ChannelNumber> honest_;  // the serving thread's
    std::atomic<bool> isOver_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Seen> seen_;  // under mutex_
    std::thread thread_;
};

/// Asks and checks the answers, one after the other, in a thread of its own, until destroyed.
class HonestClient {
public:
    /// On an engine, or null: one of its own.
    explicit HonestClient(const Address& address, Reactor* reactor = nullptr)
        : own_(reactor == nullptr ? std::make_unique<Reactor>() : nullptr)
        , party_(reactor == nullptr ? *own_ : *reactor) {
        MessagePtr hello = party_.makeFor(address);
        hello->body.append("honest");
        channel_ = party_.post(std::move(hello)).channelNumber;
        party_.next(OpCode::HelloResponse);
        thread_ = std::thread([this] { ask(); });
    }
    ~HonestClient() {
        isOver_ = true;
        thread_.join();
        EXPECT_EQ(failure_, "");
    }
    /// That questions asked from now on are answered.
    void expectService() {
        std::unique_lock lock(mutex_);
        const std::uint64_t enough = answered_ + 5;
        const bool isServed =
            changed_.wait_for(lock, patience, [&] { return answered_ >= enough || !failure_.empty(); });
        EXPECT_TRUE(isServed) << "the honest client is not served";
        EXPECT_EQ(failure_, "");
    }

private:
    void ask() {
        try {
            for (std::uint64_t number = 1; !isOver_; ++number) {
                const std::string question = "question " + std::to_string(number);
                party_.post(OpCode::Request, channel_, question);
                const MessagePtr answer = party_.next(OpCode::Response);
                if (answer->body.view() != question)
                    throw std::runtime_error("wrong answer: " + dump(*answer));
                const std::scoped_lock lock(mutex_);
                ++answered_;
                changed_.notify_all();
            }
        } catch (const std::exception& failure) {
            const std::scoped_lock lock(mutex_);
            failure_ = failure.what();
            changed_.notify_all();
        }
    }

    std::unique_ptr<Reactor> own_;
    Party party_;
    ChannelNumber channel_ = 0;
    std::atomic<bool> isOver_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t answered_ = 0;  // under mutex_
    std::string failure_;         // under mutex_
    std::thread thread_;
};

/// A server on TCP or on a Unix socket, with an honest client that must be served throughout.
class Scene {
public:
    Scene(const Options& options, Transport transport)
        : server(options, transport == Transport::Tcp ? localTcp() : Address(UdsServerAddress{})) {
        honest = std::make_unique<HonestClient>(server.address());
    }
    ~Scene() { honest->expectService(); }

    /// A peer that has said hello, and was answered; its number at the server.
    raw::Peer connectAndSayHello() {
        raw::Peer peer = server.connect();
        peer.send(raw::helloRequest().bytes());
        const Seen hello = server.next();
        EXPECT_EQ(hello.opCode, OpCode::HelloRequest);
        channel = hello.channel;
        EXPECT_EQ(peer.receive(helloAnswerSize).size(), helloAnswerSize);
        return peer;
    }

    Server server;
    std::unique_ptr<HonestClient> honest;
    ChannelNumber channel = 0;  ///< Of the last that said hello.

private:
    inline static const std::size_t helloAnswerSize = raw::helloRequest().bytes().size();
};

}  // namespace tempeh::test::hostile
