#include "faults/conversation.hpp"

#include <chrono>
#include <cstring>
#include <future>
#include <new>
#include <unistd.h>

namespace tempeh::faults {

using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 15s;  // much longer than any timeout of the engine's
constexpr int triesAtMost = 1000;

Address serverAddress(const Script& script) {
    switch (script.net) {
        case Net::Tcp:
            return TcpServerAddress{"127.0.0.1", 0};
        case Net::Name:
            return TcpServerAddress{"localhost", 0};
        case Net::Unix:
            return UdsServerAddress{script.path};
        case Net::Abstract:
            return UdsServerAddress{std::string("@tempeh-faults-") + std::to_string(::getpid())};
        case Net::Tls:
            return CustomServerAddress{"tls", "127.0.0.1|0"};
    }
    return {};
}

Address clientAddress(const Address& bound, Net net) {
    if (net == Net::Tls) return wire::clientAddressOf(bound);
    if (const auto* uds = std::get_if<UdsServerAddress>(&bound)) return UdsClientAddress{uds->path};
    const auto& tcp = std::get<TcpServerAddress>(bound);
    return TcpClientAddress{net == Net::Name ? "localhost" : tcp.host, tcp.port};
}

}  // namespace

Conversation::Conversation(Ampe& engine, Script script) : engine_(engine), script_(std::move(script)) {}

MessagePtr Conversation::make(OpCode opCode, ChannelNumber channel) {
    MessagePtr message = engine_.get();
    message->header.opCode = opCode;
    message->header.channelNumber = channel;
    return message;
}

/// What fails for want of memory is tried again: the call must have left the message alone.
BinaryHeader Conversation::post(MessagePtr message) {
    BinaryHeader header;
    error_code ec;
    for (int i = 0; i < triesAtMost; ++i) {
        {
            const Exposed exposed;
            header = group_.post(std::move(message), ec);
        }
        if (!ec) break;
        if (message == nullptr) {
            complain("a post that failed took the message");
            return {};
        }
        if (ec == Status::InvalidChannelNumber) return {};  // it ended, and was taken
        if (isShutDown_ && ec == Status::ShutdownStarted) return {};
        if (ec != Status::AllocationFailed && ec != Status::SendQueueFull) {
            complain("post failed: " + ec.message());
            return {};
        }
        if (ec == Status::SendQueueFull) {
            complain("the send queue is full");
            return {};
        }
    }
    if (ec) complain("post fails on and on: " + ec.message());
    if (ec) return {};
    if (message != nullptr) complain("a post that succeeded left the message");
    ledger_.posted(header);
    const bool crosses = crossesTheWire(header.opCode);
    if (header.opCode == OpCode::HelloRequest) ++hellosPosted_;
    if (crosses && !isRegular(header.opCode)) ++controlPosted_;
    return header;
}

bool Conversation::open() {
    error_code ec;
    for (int i = 0; i < triesAtMost && !group_; ++i) {
        try {
            const Exposed exposed;
            group_ = engine_.createGroup(ec);
        } catch (const std::bad_alloc&) {
            complain("createGroup(ec) throws");
        }
    }
    if (!group_) {
        complain("createGroup fails: " + ec.message());
        return false;
    }
    MessagePtr welcome = engine_.get();
    format(serverAddress(script_), *welcome);
    listener_ = post(std::move(welcome)).channelNumber;
    if (listener_ != 0) isClosed_[listener_] = false;
    return listener_ != 0;
}

bool Conversation::isOver() const {
    for (const auto& [channel, closed] : isClosed_)
        if (!closed) return false;
    return true;
}

MessagePtr Conversation::receive() {
    error_code ec;
    MessagePtr message;
    const TimePoint end = std::chrono::steady_clock::now() + patience;
    do {
        message = receiveOnce(script_.isUpdating ? Duration(2ms) : patience, ec);
    } while (message == nullptr && !ec && std::chrono::steady_clock::now() < end);
    if (isShutDown_ && ec == Status::ShutdownStarted) {
        for (auto& [channel, closed] : isClosed_)
            closed = true;
        return nullptr;
    }
    if (ec) complain("waitReceive fails: " + ec.message());
    return message;
}

MessagePtr Conversation::receiveOnce(Duration timeout, error_code& ec) {
    if (!script_.usesFutures) {
        const Exposed exposed;
        return group_.blocking().waitReceive(timeout, ec);
    }
    std::promise<std::pair<error_code, MessagePtr>> promise;
    const auto receive = [&promise](error_code outcome, MessagePtr message) {
        const Spared spared;
        promise.set_value({outcome, std::move(message)});
    };
    for (;;) {
        try {
            const Exposed exposed;
            group_.waitReceive(timeout, receive);
            break;
        } catch (const std::bad_alloc&) {
            continue;  // not started
        }
    }
    std::pair<error_code, MessagePtr> outcome = promise.get_future().get();
    ec = outcome.first;
    return std::move(outcome.second);
}

void Conversation::shutDown() {
    isShutDown_ = true;
    for (int i = 0; i < 5; ++i)
        post(make(OpCode::Signal, client_));
    for (;;) {
        try {
            error_code ec;
            const Exposed exposed;
            engine_.shutdown(1s, ec);
            return;
        } catch (const std::bad_alloc&) {
            continue;  // nothing happened
        }
    }
}

std::string Conversation::run() {
    if (!open()) return wrong_;
    while (wrong_.empty() && !isOver() && !isDropped_) {
        MessagePtr message = receive();
        if (message == nullptr && isOver()) break;
        if (message == nullptr) {
            std::string waiting = "nothing comes; open:";
            for (const auto& [channel, closed] : isClosed_)
                if (!closed)
                    waiting += channel == listener_ ? " listener"
                               : channel == client_ ? " client"
                                                    : " server";
            complain(waiting);
            break;
        }
        ledger_.arrived(*message);
        take(std::move(message));
    }
    if (!isDropped_ && wrong_.empty()) {
        const GroupStats stats = group_.stats();
        wrong_ += ledger_.judge(stats.sent.messages);
    }
    const Exposed exposed;
    group_ = ChannelGroup();
    return wrong_;
}

void Conversation::take(MessagePtr message) {
    const ChannelNumber channel = message->header.channelNumber;
    if (message->isFromEngine()) return takeFromEngine(*message);
    switch (message->header.opCode) {
        case OpCode::HelloRequest:
            isClosed_[channel] = false;
            message->header.opCode = OpCode::HelloResponse;
            post(std::move(message));
            return;
        case OpCode::HelloResponse:
            sendAll();
            return maybeLeave();
        case OpCode::Request:
            message->header.opCode = OpCode::Response;
            post(std::move(message));
            return;
        case OpCode::Response:
            ++answers_;
            return maybeLeave();
        case OpCode::ByeRequest:
            message->header.opCode = OpCode::ByeResponse;
            post(std::move(message));
            return;
        default:
            return;
    }
}

void Conversation::takeFromEngine(const Message& message) {
    const ChannelNumber channel = message.header.channelNumber;
    if (message.header.opCode == OpCode::WelcomeResponse) {
        if (message.status() == Status::Success) onListening(message);
        return;
    }
    if (!message.isChannelClosed()) return;
    const auto found = isClosed_.find(channel);
    if (found == isClosed_.end() || found->second) {
        complain("ChannelClosed of a channel nobody knows, or twice");
        return;
    }
    found->second = true;
    const bool isClients = channel == client_;
    if (isClients && !isListenerTold_ && !isClosed_[listener_]) {
        isListenerTold_ = true;
        post(make(OpCode::ByeSignal, listener_));
    }
    // The listener failed before there was a client.
    if (channel == listener_ && client_ != 0 && !isClosed_[client_] && !hasLeft_) leave();
}

void Conversation::onListening(const Message& message) {
    MessagePtr hello = engine_.get();
    format(clientAddress(parseAddress(message), script_.net), *hello);
    client_ = post(std::move(hello)).channelNumber;
    if (client_ == 0) return;
    isClosed_[client_] = false;
    if (script_.isUpdating) {
        const Exposed exposed;
        error_code ec;
        group_.updateReceiver(ec);
    }
}

void Conversation::sendAll() {
    for (const std::size_t size : script_.bodies) {
        MessagePtr request = make(OpCode::Request, client_);
        request->textHeaders.append("tag", "x");
        std::memset(request->body.prepare(size).data(), 'b', size);
        request->body.commit(size);
        if (script_.waitsWritable) {
            error_code ec;
            const Exposed exposed;
            group_.blocking().waitWritable(client_, 5s, ec);
        }
        post(std::move(request));
    }
}

void Conversation::maybeLeave() {
    if (answers_ == script_.bodies.size() && !hasLeft_) leave();
}

void Conversation::leave() {
    hasLeft_ = true;
    switch (script_.farewell) {
        case Farewell::Bye:
            post(make(OpCode::ByeRequest, client_));
            return;
        case Farewell::ByeSignal:
            post(make(OpCode::ByeSignal, client_));
            return;
        case Farewell::Shutdown:
            shutDown();
            return;
        case Farewell::DropGroup: {
            isDropped_ = true;
            const Exposed exposed;
            group_ = ChannelGroup();
            return;
        }
    }
}

}  // namespace tempeh::faults
