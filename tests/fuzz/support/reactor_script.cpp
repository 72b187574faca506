#include "fuzz/support/reactor_script.hpp"

#include "fuzz/support/message_script.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include <array>

namespace tempeh::fuzz {

namespace {

constexpr std::size_t mostConnections = 4;
constexpr std::size_t mostSteps = 120;
constexpr std::size_t mostPosts = 200;

Duration someTime(unsigned choice) {
    static constexpr std::array<int, 8> milliseconds{0, 1, 5, 100, 999, 1001, 5000, 10'001};
    return std::chrono::milliseconds(milliseconds[choice % milliseconds.size()]);
}

}  // namespace

Options ReactorScript::optionsOf(unsigned choice) {
    Options options;
    options.initialPoolMessages = 0;
    options.maxPoolMessages = (choice & 2) != 0 ? 300 : 3;
    if ((choice & 4) != 0) options.sendQueueMessages = 4;
    if ((choice & 8) != 0) options.sendQueueBytes = 1000;
    if ((choice & 16) != 0) options.maxChannels = 3;
    return options;
}

ReactorScript::ReactorScript(Bytes input, Role role)
    : input_(input)
    , role_(role)
    , choice_(input_.byte())
    , world_(optionsOf(choice_), (choice_ & 1) != 0)
    , group_(world_.createGroup()) {}

ReactorScript::~ReactorScript() = default;

void ReactorScript::run() {
    begin();
    for (std::size_t i = 0; i != mostSteps && !input_.empty(); ++i)
        step();
    if ((choice_ & 0xe0) == 0xe0)
        finishAbruptly();
    else
        finish();
}

void ReactorScript::begin() {
    if (role_ == Role::Client) return hello();
    MessagePtr welcome = world_.engine().pool().get(AllocationStrategy::Always);
    TcpServerAddress{"", 1}.format(*welcome);
    welcome->header.messageId = ledger_.nextId();
    ledger_.prepare(*welcome);
    listener_ = group_.post(std::move(welcome)).channelNumber;
    ledger_.notePosted(listener_, true);
    ledger_.noteOpened(listener_, static_cast<std::size_t>(-1));
    world_.run();
}

void ReactorScript::step() {
    const unsigned action = input_.byte();
    const unsigned choice = action / 16;
    switch (action % 16) {
        case 0:
            return role_ == Role::Server ? connectPeer(choice) : settleConnect(choice);
        case 1:
        case 2:
            return makeFrame(choice);
        case 3:
            return feed(choice);
        case 4:
            return feedRaw();
        case 5:
        case 6:
            return world_.run();
        case 7:
            return choice == 15 ? closeGroup() : endPeer(choice);
        case 8:
            return receive(choice);
        case 9:
            return answer(choice);
        case 10:
        case 11:
            return postNew(choice);
        case 12:
            return limitPeer(choice);
        case 13:
            return receiveLater(choice);
        case 14:
            return choice < 8 ? waitWritable(choice) : world_.advance(someTime(choice));
        default:
            if (role_ == Role::Client && choice < 8) return hello();
            if (choice < 12) return updateReceiver();
            held_.clear();
    }
}

// --- The peers ---

ReactorScript::Connection* ReactorScript::pickConnection(unsigned choice) {
    return ledger_.connections() == 0 ? nullptr : &ledger_.connectionAt(choice % ledger_.connections());
}

void ReactorScript::connectPeer(unsigned choice) {
    if (choice == 15) {
        world_.yard().failAccept(asio::error::no_descriptors);
        return;
    }
    if (ledger_.connections() == mostConnections) return;
    const std::size_t index = ledger_.connections();
    Connection& connection = ledger_.connection(index, world_.sharedYard());
    if (!world_.yard().arrive(connection.wire)) connection.wire->reset();
}

void ReactorScript::settleConnect(unsigned choice) {
    Switchyard& yard = world_.yard();
    if (yard.connecting.empty()) return;
    if (choice == 15) return yard.settle(nullptr, asio::error::connection_refused);
    const auto& address = std::get<TcpClientAddress>(yard.connecting.front()->address);
    yard.settle(ledger_.connection(address.port - 1U, world_.sharedYard()).wire, {});
}

/// A frame that is well formed, mostly; sent at once, or piece by piece.
void ReactorScript::makeFrame(unsigned choice) {
    Connection* const connection = pickConnection(choice / 4);
    if (connection == nullptr) return;
    const unsigned kind = input_.byte();
    const unsigned size = input_.byte();
    static constexpr std::array<std::size_t, 8> bodies{0, 1, 20, 200, 4096, 9000, 40'000, 65'535};
    const std::string_view text = (kind & 64) != 0 ? "name: value\r\n" : "";
    const std::size_t body = (size & 128) != 0 ? bodies[size % 8] : size % 8;
    const BinaryHeader header{.channelNumber = static_cast<ChannelNumber>(kind),
                              .opCode = static_cast<OpCode>(kind % 16 > 10 ? kind % 3 : kind % 16),
                              .more = (kind & 128) != 0 && kind % 16 < 3,
                              .status = static_cast<std::uint8_t>(size),
                              .messageId = 1U + size,
                              .textHeadersLength = static_cast<std::uint16_t>(text.size()),
                              .bodyLength = static_cast<std::uint16_t>(body)};
    const BinaryHeader::Bytes head = header.encode();
    const Bytes lines = std::as_bytes(std::span(text));
    connection->outgoing.insert(connection->outgoing.end(), head.begin(), head.end());
    connection->outgoing.insert(connection->outgoing.end(), lines.begin(), lines.end());
    connection->outgoing.insert(connection->outgoing.end(), body, std::byte{'b'});
    if (choice % 4 != 0) ledger_.feed(*connection, connection->outgoing.size());
    if (choice % 4 == 3) world_.run();
}

void ReactorScript::feed(unsigned choice) {
    Connection* const connection = pickConnection(choice / 4);
    if (connection == nullptr) return;
    ledger_.feed(*connection, choice % 4 == 0 ? input_.word() : input_.byte());
    if (choice % 2 != 0) world_.run();
}

void ReactorScript::feedRaw() {
    const unsigned size = input_.byte();
    Connection* const connection = pickConnection(size / 64);
    if (connection == nullptr) return;
    const Bytes raw = input_.take(size % 64);
    connection->outgoing.insert(connection->outgoing.end(), raw.begin(), raw.end());
    ledger_.feed(*connection, connection->outgoing.size());
}

void ReactorScript::endPeer(unsigned choice) {
    Connection* const connection = pickConnection(choice / 4);
    if (connection == nullptr) return;
    if (choice % 4 == 0)
        connection->wire->reset();
    else
        connection->wire->finish();
}

void ReactorScript::limitPeer(unsigned choice) {
    Connection* const connection = pickConnection(choice / 4);
    if (connection != nullptr) connection->wire->allow(choice % 4 == 0 ? 1 << 20 : input_.byte());
}

// --- The application ---

void ReactorScript::hello() {
    if (!group_ || ledger_.connections() == mostConnections) return;
    const std::size_t index = ledger_.connections();
    MessagePtr message = world_.engine().pool().get(AllocationStrategy::Always);
    TcpClientAddress{"peer", static_cast<std::uint16_t>(index + 1)}.format(*message);
    message->header.messageId = ledger_.nextId();
    ledger_.prepare(*message);
    error_code ec;
    const ChannelNumber channel = group_.post(std::move(message), ec).channelNumber;
    if (ec) {
        FUZZ_CHECK(ec == error_code(Status::TooManyChannels) && message != nullptr);
        return;
    }
    ledger_.connection(index, world_.sharedYard());
    ledger_.notePosted(channel, false);
    ledger_.noteOpened(channel, index);
}

void ReactorScript::receive(unsigned choice) {
    if (!group_) return;
    error_code ec;
    if (choice >= 12) {
        MessageQueue all = group_.tryReceiveAll(ec);
        while (MessagePtr message = all.popFront())
            onMessage(std::move(message), choice % 2 != 0);
        return;
    }
    for (unsigned i = 0; i <= choice / 2; ++i) {
        MessagePtr message = group_.tryReceive(ec);
        if (message == nullptr) return;
        onMessage(std::move(message), choice % 2 != 0);
    }
}

void ReactorScript::receiveLater(unsigned choice) {
    if (!group_) return;
    if (choice == 15) return cancelReceive_.emit(asio::cancellation_type::all);
    if (isReceiving_) return;
    isReceiving_ = true;
    const bool answers = choice % 2 != 0;
    auto done = [this, answers](const error_code& ec, MessagePtr message) {
        isReceiving_ = false;
        if (ec) {
            FUZZ_CHECK(message == nullptr);
        } else if (message != nullptr && answers && message->isFromApplication() &&
                   ledger_.isKnown(message->header.channelNumber)) {
            ledger_.noteDelivered(*message);
            answerOne(std::move(message));
        } else if (message != nullptr) {
            onMessage(std::move(message), false);
        }
    };
    const Duration timeout = choice < 8 ? infinite : someTime(choice);
    group_.waitReceive(timeout, asio::bind_cancellation_slot(cancelReceive_.slot(), std::move(done)));
}

void ReactorScript::onMessage(MessagePtr message, bool keep) {
    if (!group_) return;  // closed while this one was on its way
    const ChannelNumber channel = message->header.channelNumber;
    const Status status = message->status();
    if (message->isFromApplication()) {
        if (!ledger_.isKnown(channel)) {
            FUZZ_CHECK(role_ == Role::Server && message->header.opCode == OpCode::HelloRequest);
            const std::string peer = group_.channelInfo(channel).peerAddress;
            ledger_.noteOpened(channel, static_cast<std::size_t>(peer.back() - '1'));
        }
        ledger_.noteDelivered(*message);
    } else if (status == Status::ReceiverUpdate) {
        --ledger_.updates;
    } else if (status == Status::PoolEmpty || status == Status::AcceptFailed) {
        FUZZ_CHECK(message->header.opCode == OpCode::Signal);
        ledger_.checkOpen(channel);
    } else if (message->header.opCode == OpCode::WelcomeResponse) {
        FUZZ_CHECK(channel == listener_);
        ledger_.checkOpen(channel);
    } else if (message->isChannelClosed()) {
        ledger_.noteClosed(*message);
    } else {
        ledger_.noteReturned(*message);
    }
    if (keep) held_.push_back(std::move(message));
}

void ReactorScript::answer(unsigned choice) {
    if (held_.empty()) return;
    const std::size_t index = choice % held_.size();
    MessagePtr message = std::move(held_[index]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    answerOne(std::move(message));
}

/// The very message goes back, as applications do it.
void ReactorScript::answerOne(MessagePtr message) {
    OpCode& opCode = message->header.opCode;
    if (message->isFromEngine())
        opCode = OpCode::Signal;
    else if (opCode == OpCode::Request)
        opCode = OpCode::Response;
    else if (opCode == OpCode::HelloRequest)
        opCode = OpCode::HelloResponse;
    else if (opCode == OpCode::ByeRequest)
        opCode = OpCode::ByeResponse;
    message->textHeaders.remove(wire::reasonHeader);
    post(std::move(message));
}

ChannelNumber ReactorScript::pickChannel() {
    const unsigned choice = input_.byte();
    if (choice == 255 || ledger_.channels() == 0) return static_cast<ChannelNumber>(choice * 257);
    return ledger_.channelAt(choice % ledger_.channels());
}

void ReactorScript::postNew(unsigned choice) {
    static constexpr std::array<OpCode, 16> opCodes{
        OpCode::Request,     OpCode::Response,      OpCode::Signal,          OpCode::Signal,
        OpCode::Request,     OpCode::HelloResponse, OpCode::ByeRequest,      OpCode::ByeResponse,
        OpCode::Signal,      OpCode::Response,      OpCode::Request,         OpCode::ByeRequest,
        OpCode::ByeResponse, OpCode::Signal,        OpCode::WelcomeResponse, OpCode::ByeSignal};
    const ChannelNumber channel = pickChannel();
    MessagePtr message = scriptedMessage(input_, opCodes[choice], 1);
    message->header.channelNumber = channel;
    post(std::move(message));
}

void ReactorScript::post(MessagePtr message) {
    if (!group_ || ledger_.nextId() % 4096 > mostPosts) return;
    const ChannelNumber channel = message->header.channelNumber;
    const OpCode opCode = message->header.opCode;
    if (message->isFromEngine()) {
        message->header.origin = Origin::Application;
        message->header.status = 0;
    }
    message->header.messageId = ledger_.nextId();
    ledger_.prepare(*message);
    error_code ec;
    const BinaryHeader header = group_.post(std::move(message), ec);
    if (ec) {
        FUZZ_CHECK(message != nullptr);
        return;
    }
    FUZZ_CHECK(message == nullptr && header.channelNumber == channel && header.opCode == opCode);
    ledger_.notePosted(channel, opCode == OpCode::ByeSignal || channel == listener_);
}

void ReactorScript::waitWritable(unsigned choice) {
    if (!group_ || writableWaits_ > 8) return;
    ++writableWaits_;
    group_.waitWritable(pickChannel(), someTime(choice),
                        [this](const error_code&, bool) { --writableWaits_; });
}

void ReactorScript::updateReceiver() {
    if (!group_) return;
    error_code ec;  // PoolEmpty: too many of them wait
    group_.updateReceiver(ec);
    if (!ec) ++ledger_.updates;
}

void ReactorScript::closeGroup() {
    group_ = ChannelGroup();
}

// --- The end ---

void ReactorScript::receiveEverything() {
    held_.clear();
    world_.run();
    while (group_ && !isReceiving_) {
        error_code ec;
        MessagePtr message = group_.tryReceive(ec);
        if (message == nullptr) return;
        onMessage(std::move(message), false);
        world_.run();
    }
}

void ReactorScript::finish() {
    const bool hadGroup = static_cast<bool>(group_);
    for (std::size_t i = 0; i != ledger_.connections(); ++i) {
        ledger_.connectionAt(i).wire->allow(1 << 24);
        ledger_.connectionAt(i).wire->finish();
    }
    world_.run();
    cancelReceive_.emit(asio::cancellation_type::all);
    world_.run();
    FUZZ_CHECK(!isReceiving_);
    receiveEverything();
    world_.advance(std::chrono::seconds(60));
    receiveEverything();
    if (hadGroup && role_ == Role::Server) {
        MessagePtr bye = world_.engine().pool().get(AllocationStrategy::Always);
        bye->header.opCode = OpCode::ByeSignal;
        bye->header.channelNumber = listener_;
        error_code ec;  // it may have ended
        group_.post(std::move(bye), ec);
        bye.reset();
        receiveEverything();
    }
    FUZZ_CHECK(writableWaits_ == 0);
    if (hadGroup) ledger_.checkComplete();
    // A channel whose end was received is buried in the engine's next turn.
    world_.engine().wake();
    world_.run();
    const EngineStats stats = world_.engine().stats();
    FUZZ_CHECK(stats.channels == 0);
    FUZZ_CHECK(stats.pool.outstanding == 0);
    group_ = ChannelGroup();
    world_.stop();
    world_.run();
    FUZZ_CHECK(world_.engine().life().isIdle());
}

/// The context goes in the midst of it all, and with it whoever waits.
void ReactorScript::finishAbruptly() {
    if (choice_ % 2 == 0) world_.stop();
    world_.dropContext();
    group_ = ChannelGroup();
    held_.clear();
}

}  // namespace tempeh::fuzz
