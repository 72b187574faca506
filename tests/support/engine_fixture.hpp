#pragma once

#include <tempeh/tempeh.hpp>

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

/// What tests of the whole engine share: an engine with one group, used from the test's thread.
namespace tempeh::test {

using namespace std::chrono_literals;

/// Longest wait for anything that must happen: never reached, so it may be generous.
inline constexpr Duration patience = 60s;

/// True once `condition` is; false when it does not come true. For what has no event of its own, such as a
/// counter that another thread raises.
template <typename Condition>
bool eventually(Condition condition) {
    const TimePoint end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::yield();
    }
    return true;
}

inline Status statusOf(const Message& message) {
    return message.isFromEngine() ? statusFromRaw(message.header.status) : Status::Success;
}

inline std::string valueOf(const Message& message, std::string_view name) {
    return std::string(message.textHeaders.find(name).value_or("(none)"));
}
inline std::string reasonOf(const Message& message) {
    return valueOf(message, wire::reasonHeader);
}
inline std::string peerOf(const Message& message) {
    return valueOf(message, wire::peerHeader);
}

inline bool isClosedNotice(const Message& message) {
    return message.isChannelClosed() && message.textHeaders.find(wire::reasonHeader);
}

/// The error code with which an asynchronous operation ends; `start` gets the handler to start it with. (A
/// future that carries an exception shares its reference count with code that ThreadSanitizer cannot see.)
template <typename Start>
std::future<error_code> errorOf(Start start) {
    const auto promise = std::make_shared<std::promise<error_code>>();
    std::future<error_code> future = promise->get_future();
    start([promise](error_code ec, const auto&) { promise->set_value(ec); });
    return future;
}

/// Where a client connects to for a server that listens on `bound`.
inline Address clientAddressOf(const Address& bound) {
    return wire::clientAddressOf(bound);
}

inline Address localTcp() {
    return TcpServerAddress{"127.0.0.1", 0};
}

/// A listener that answered.
struct Listening {
    ChannelNumber channel = 0;
    MessageId id = 0;
    Address bound;    ///< As `~listen_on` of the answer says.
    Address address;  ///< For clients.
};

/// One group of an engine, used from the test's thread. Waits throw when nothing comes, which fails the test.
class Party {
public:
    explicit Party(Ampe& engine)
        : engine_(&engine), group(engine.createGroup()), channels(group.blocking()) {}

    MessagePtr make(OpCode opCode, ChannelNumber channel = 0, std::string_view body = {}, MessageId id = 0) {
        MessagePtr message = engine_->get();
        message->header.opCode = opCode;
        message->header.channelNumber = channel;
        message->header.messageId = id;
        message->body.append(body);
        return message;
    }
    MessagePtr makeFor(const Address& address) {
        MessagePtr message = engine_->get();
        format(address, *message);
        return message;
    }

    BinaryHeader post(MessagePtr message) { return channels.post(std::move(message)); }
    BinaryHeader post(OpCode opCode, ChannelNumber channel, std::string_view body = {}, MessageId id = 0) {
        return post(make(opCode, channel, body, id));
    }
    /// Why the post failed; the message must still be there then.
    Status tryPost(MessagePtr& message) {
        const bool hadMessage = message != nullptr;
        error_code ec;
        channels.post(std::move(message), ec);
        EXPECT_EQ(message != nullptr, hadMessage && ec) << ec;
        return static_cast<Status>(ec.value());
    }
    Status tryPost(MessagePtr&& message) {
        MessagePtr kept = std::move(message);
        return tryPost(kept);
    }

    /// The next message, whatever it is.
    MessagePtr next() {
        MessagePtr message = channels.waitReceive(patience);
        if (message == nullptr) throw std::runtime_error("no message came");
        return message;
    }
    /// The next message, which must be this.
    MessagePtr next(OpCode opCode, Status status = Status::Success) {
        MessagePtr message = next();
        if (message->header.opCode != opCode || statusOf(*message) != status)
            throw std::runtime_error("unexpected message: " + dump(*message) + "instead of " +
                                     std::string(nameOf(opCode)) + " " + std::string(nameOf(status)));
        return message;
    }
    MessagePtr nextClosed(ChannelNumber channel) {
        MessagePtr notice = next(OpCode::Signal, Status::ChannelClosed);
        EXPECT_TRUE(isClosedNotice(*notice)) << dump(*notice);
        EXPECT_EQ(notice->header.channelNumber, channel) << dump(*notice);
        return notice;
    }
    /// The first message of that kind; others before it are thrown away.
    MessagePtr waitFor(OpCode opCode, Status status = Status::Success) {
        for (;;) {
            MessagePtr message = next();
            if (message->header.opCode == opCode && statusOf(*message) == status) return message;
        }
    }
    /// Everything up to the channel's ChannelClosed, which is the last.
    std::vector<MessagePtr> collectUntilClosed(ChannelNumber channel) {
        std::vector<MessagePtr> messages;
        for (;;) {
            messages.push_back(next());
            const Message& last = *messages.back();
            if (isClosedNotice(last) && last.header.channelNumber == channel) return messages;
        }
    }
    /// Checks that nothing waits, and nothing that was under way before this call comes: a word to oneself
    /// goes through the mailbox behind it.
    void expectNothingMore() {
        channels.updateReceiver();
        const MessagePtr message = next();
        EXPECT_EQ(statusOf(*message), Status::ReceiverUpdate) << dump(*message);
    }

    Listening listen(const Address& address) {
        const BinaryHeader header = post(makeFor(address));
        const MessagePtr response = next(OpCode::WelcomeResponse);
        EXPECT_EQ(response->header.channelNumber, header.channelNumber);
        const Address bound = parseAddress(*response);
        return {header.channelNumber, header.messageId, bound, clientAddressOf(bound)};
    }
    BinaryHeader sayHello(const Address& address) { return post(makeFor(address)); }

    /// Answers the HelloRequest that comes next; the channel's number here.
    ChannelNumber acceptHello() {
        MessagePtr hello = next(OpCode::HelloRequest);
        const ChannelNumber channel = hello->header.channelNumber;
        hello->header.opCode = OpCode::HelloResponse;
        post(std::move(hello));
        return channel;
    }

    Ampe& engine() { return *engine_; }

private:
    Ampe* engine_;

public:
    ChannelGroup group;
    BlockingChannelGroup channels;
};

/// An engine of its own, with one party.
struct Side {
    explicit Side(const Options& options = Options()) : reactor(options), party(reactor) {}

    Party* operator->() { return &party; }

    Reactor reactor;
    Party party;
};

/// A channel between two engines, hello exchanged.
struct Link {
    explicit Link(const Options& serverOptions = Options(), const Options& clientOptions = Options(),
                  const Address& where = localTcp())
        : server(serverOptions), client(clientOptions) {
        listening = server->listen(where);
        hello = client->sayHello(listening.address);
        atServer = server->acceptHello();
        atClient = client->next(OpCode::HelloResponse)->header.channelNumber;
        EXPECT_EQ(atClient, hello.channelNumber);
    }

    Side server;
    Side client;
    Listening listening;
    BinaryHeader hello;
    ChannelNumber atServer = 0;
    ChannelNumber atClient = 0;
};

/// Hello, a request and its answer, bye.
inline void converse(Party& server, Party& client, const Address& address) {
    const BinaryHeader hello = client.sayHello(address);
    const ChannelNumber atServer = server.acceptHello();
    client.next(OpCode::HelloResponse);
    client.post(OpCode::Request, hello.channelNumber, "ping");
    MessagePtr request = server.next(OpCode::Request);
    EXPECT_EQ(request->body.view(), "ping");
    request->header.opCode = OpCode::Response;
    server.post(std::move(request));
    EXPECT_EQ(client.next(OpCode::Response)->body.view(), "ping");
    client.post(OpCode::ByeRequest, hello.channelNumber);
    server.next(OpCode::ByeRequest);
    server.nextClosed(atServer);
    client.next(OpCode::ByeResponse);
    client.nextClosed(hello.channelNumber);
}

}  // namespace tempeh::test
