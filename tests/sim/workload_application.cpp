// What the applications of a Workload do.

#include "sim/workload.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <variant>

namespace tempeh::test {

using namespace std::chrono_literals;
using asio::experimental::awaitable_operators::operator||;

/// For a seed that is looked into: a line among those of the network.
void Workload::say(const char* what, const Club& club, const BinaryHeader& header, const error_code& ec) {
    network_.note("group " + std::to_string(club.id) + " of " + club.host->name + " " + what + " " +
                  std::string(nameOf(header.opCode)) + " " + std::to_string(header.messageId) + " on " +
                  std::to_string(header.channelNumber) + ", status " + std::to_string(header.status) +
                  (header.origin == Origin::Engine ? " of the engine" : "") +
                  (ec ? ", " + ec.message() : std::string()));
}

// --- Posting ---

MessagePtr Workload::make(Club& club, OpCode opCode, Ledger::ChannelId channel) {
    MessagePtr message = oneIn(4) ? MessagePtr(new Message()) : club.host->engine->get();
    message->header.opCode = opCode;
    message->header.channelNumber = ledger_.numberOf(channel);
    if (opCode == OpCode::Signal) message->header.status = static_cast<std::uint8_t>(below(256));
    const bool mayHaveMore =
        opCode == OpCode::Request || opCode == OpCode::Response || opCode == OpCode::Signal;
    message->header.more = mayHaveMore && oneIn(6);
    if (oneIn(6)) message->textHeaders.append("Some-Header", std::string(below(60), 'h'));
    return message;
}

bool Workload::isAllowed(const Club& club, const error_code& ec) const {
    if (ec == Status::SendQueueFull || ec == Status::TooManyChannels) return true;
    if (ec == Status::ShutdownStarted) return club.host->isGone || club.isGone;
    if (ec == Status::InvalidChannelGroup) return club.isGone;
    if (ec == Status::InvalidChannelNumber) return club.isRacing;
    return false;
}

bool Workload::post(Club& club, MessagePtr message, std::size_t bodySize) {
    const std::uint64_t serial = ledger_.stamp(*message, bodySize);
    const bool isLocalBye = message->header.opCode == OpCode::ByeSignal;
    error_code ec;
    const BinaryHeader header = club.group.post(std::move(message), ec);
    if (speaks_) say("posts", club, header, ec);
    if (!ec) {
        if (message != nullptr) throw std::logic_error("rule broken: a posted message is still the caller's");
        const Ledger::ChannelId channel =
            ledger_.onPosted(club.id, club.host->id, header, serial, isLocalBye);
        if (header.opCode == OpCode::HelloRequest) club.channels.push_back(channel);
        return true;
    }
    if (message == nullptr) throw std::logic_error("rule broken: a message that was not posted is gone");
    if (!isAllowed(club, ec)) throw std::logic_error("rule broken: post failed with " + ec.message());
    return false;
}

std::size_t Workload::anySize() {
    switch (below(40)) {
        case 0:
            return 65'535 - below(3);
        case 1:
        case 2:
            return below(20'000);
        case 3:
        case 4:
        case 5:
            return below(3000);
        case 6:
            return 0;
        default:
            return below(100);
    }
}

void Workload::listen(Club& club) {
    MessagePtr welcome = club.host->engine->get();
    const auto port = static_cast<std::uint16_t>(7000 + below(6));
    if (oneIn(2)) {
        UdsServerAddress{"/" + club.host->name + std::to_string(below(4)), {}}.format(*welcome);
        places_.push_back(UdsClientAddress{std::get<UdsServerAddress>(parseAddress(*welcome)).path});
    } else {
        TcpServerAddress{"", port}.format(*welcome);
        places_.push_back(TcpClientAddress{club.host->name, port});
    }
    post(club, std::move(welcome), 0);
}

void Workload::connect(Club& club) {
    if (places_.empty()) return;
    MessagePtr hello = club.host->engine->get();
    if (oneIn(20))
        TcpClientAddress{"nowhere", 1}.format(*hello);
    else
        format(places_[below(static_cast<std::uint32_t>(places_.size()))], *hello);
    post(club, std::move(hello), anySize());
}

Ledger::ChannelId Workload::anyChannel(Club& club) {
    std::erase_if(club.channels, [this](Ledger::ChannelId channel) { return !ledger_.isOpen(channel); });
    if (club.channels.empty()) return Ledger::none;
    return club.channels[below(static_cast<std::uint32_t>(club.channels.size()))];
}

void Workload::burst(Club& club, Ledger::ChannelId channel) {
    constexpr std::array kinds{OpCode::Request, OpCode::Request, OpCode::Signal, OpCode::Response};
    for (std::uint32_t i = 1 + below(oneIn(5) ? 60 : 6); i != 0; --i) {
        if (!ledger_.isOpen(channel)) return;
        MessagePtr message = make(club, kinds[below(kinds.size())], channel);
        if (message->header.opCode == OpCode::Response) message->header.messageId = 1 + below(1000);
        if (!post(club, std::move(message), anySize())) return;
    }
}

void Workload::sayBye(Club& club, Ledger::ChannelId channel) {
    const OpCode opCode = oneIn(4) ? OpCode::ByeSignal : OpCode::ByeRequest;
    post(club, make(club, opCode, channel), opCode == OpCode::ByeSignal ? 0 : below(100));
}

// --- Receiving ---

void Workload::checkTimeout(const Club& club, TimePoint start, Duration timeout) const {
    const Duration latest = club.host->stopped.latest(start + timeout) - start;
    ledger_.onReceiveTimeout(network_.now() - start, timeout, latest);
}

asio::awaitable<MessagePtr> Workload::receiveOne(Club& club) {
    const TimePoint start = network_.now();
    MessagePtr message;
    switch (below(5)) {
        case 0: {
            const Duration timeout = millis(50);
            club.receivesUntil = start + timeout;
            message = co_await club.group.waitReceive(timeout);
            if (message == nullptr) checkTimeout(club, start, timeout);
            break;
        }
        case 1: {
            const Duration patience = millis(50);
            club.isRacing = true;
            std::variant<MessagePtr, std::monostate> first =
                co_await (club.group.waitReceive() || network_.sleep(patience));
            club.isRacing = false;
            if (first.index() == 0) message = std::move(std::get<0>(first));
            break;
        }
        default:
            message = co_await club.group.waitReceive();
            break;
    }
    co_return message;
}

asio::awaitable<void> Workload::receive(Club& club) {
    ++coroutines_;
    const auto checkTime = [&] {
        if (network_.now() > club.host->stopped.latest(club.receivesUntil))
            throw std::logic_error("rule broken: a timeout after its time");
        club.receivesUntil = TimePoint::max();
    };
    try {
        for (;;) {
            MessagePtr message = co_await receiveOne(club);
            checkTime();
            if (message != nullptr) take(club, std::move(message));
            if (oneIn(3)) {
                MessageQueue rest = club.group.tryReceiveAll();
                while (MessagePtr next = rest.popFront())
                    take(club, std::move(next));
            }
            if (oneIn(20)) co_await network_.sleep(millis(20));  // a slow receiver
        }
    } catch (const Error& error) {
        const bool isExpected = (error.code() == Status::ShutdownStarted && club.host->isGone) ||
                                (club.isGone && (error.code() == asio::error::operation_aborted ||
                                                 error.code() == Status::InvalidChannelGroup));
        --coroutines_;
        if (!isExpected) throw;
        checkTime();
    }
}

void Workload::take(Club& club, MessagePtr message) {
    if (club.isGone) return;  // on its way when the group went
    if (speaks_) say("gets", club, message->header, {});
    const Ledger::ChannelId channel = ledger_.onReceived(club.id, club.host->id, *message);
    if (message->isFromEngine()) {
        if (message->header.opCode == OpCode::HelloResponse && oneIn(3) && !isEnding_) connect(club);
        return;
    }
    switch (message->header.opCode) {
        case OpCode::HelloRequest:
            club.channels.push_back(channel);
            return takeHello(club, std::move(message));
        case OpCode::Request:
        case OpCode::ByeRequest:
            return answer(club, std::move(message));
        default:
            if (oneIn(10) && !isEnding_) club.hoard.push_back(std::move(message));
            return;
    }
}

void Workload::takeHello(Club& club, MessagePtr message) {
    if (oneIn(10)) return;  // no answer is one too, once something is said
    message->header.opCode = oneIn(20) ? OpCode::ByeSignal : OpCode::HelloResponse;
    post(club, std::move(message), 0);
}

void Workload::answer(Club& club, MessagePtr message) {
    const bool isBye = message->header.opCode == OpCode::ByeRequest;
    if (!isBye && !isAnswering_) return;
    if (oneIn(6)) {
        if (oneIn(2) && !isEnding_) club.hoard.push_back(std::move(message));
        return;  // given back unanswered
    }
    message->header.opCode = isBye ? OpCode::ByeResponse : OpCode::Response;
    message->header.more = false;
    const std::size_t size = oneIn(8) ? anySize() : message->body.size();
    post(club, std::move(message), size);
}

// --- Acting ---

asio::awaitable<void> Workload::drive(Club& club, int actions) {
    ++coroutines_;
    for (; actions != 0 && !isEnding_ && !club.isGone && !club.host->isGone; --actions) {
        act(club);
        co_await network_.sleep(oneIn(4) ? millis(200) : millis(10));
    }
    --coroutines_;
}

/// Waits for room, and sends until there is none.
asio::awaitable<void> Workload::crowd(Club& club) {
    ++coroutines_;
    Ledger::ChannelId channel = Ledger::none;
    try {
        while (!isEnding_ && !club.isGone && !club.host->isGone) {
            co_await network_.sleep(millis(300));
            channel = anyChannel(club);
            if (channel == Ledger::none || club.isGone || club.host->isGone) continue;
            const TimePoint start = network_.now();
            const Duration timeout = millis(200);
            const bool hasRoom = co_await club.group.waitWritable(ledger_.numberOf(channel), timeout);
            if (!hasRoom) checkTimeout(club, start, timeout);
            if (hasRoom && ledger_.isOpen(channel) && !club.isGone && !isEnding_) burst(club, channel);
        }
    } catch (const Error& error) {
        const error_code code = error.code();
        const bool hasEnded = channel != Ledger::none && !ledger_.isOpen(channel);
        const bool isExpected = isAllowed(club, code) || code == Status::ChannelClosed ||
                                (code == Status::InvalidChannelNumber && hasEnded) ||
                                code == Status::ShutdownStarted || code == Status::InvalidChannelGroup ||
                                (club.isGone && code == asio::error::operation_aborted);
        --coroutines_;
        if (!isExpected) throw;
        co_return;
    }
    --coroutines_;
}

void Workload::act(Club& club) {
    const Ledger::ChannelId channel = anyChannel(club);
    if (channel == Ledger::none || oneIn(10)) return connect(club);
    switch (below(16)) {
        case 0: {
            error_code ec;
            club.group.updateReceiver(ec);
            if (!ec) ledger_.onUpdatePosted(club.id);
            return;
        }
        case 1:
            return sayBye(club, channel);
        case 2:
            club.hoard.clear();
            return;
        case 3: {
            error_code ec;
            club.group.channelInfo(ledger_.numberOf(channel), ec);
            if (ec && !isAllowed(club, ec))
                throw std::logic_error("rule broken: channelInfo of an open channel: " + ec.message());
            return;
        }
        default:
            return burst(club, channel);
    }
}

}  // namespace tempeh::test
