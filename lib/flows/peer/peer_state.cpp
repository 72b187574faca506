#include "flows/peer/peer_state.hpp"

#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_waits.hpp"

namespace tempeh::flows::detail {

namespace {

/// Set in the ids that flows gives to signals and in no request's id of either side, so that a signal never
/// counts as progress of a request that has its id by chance.
constexpr MessageId signalIds = MessageId{1} << 63U;

/// Set in the request ids of the side that accepted the channel, not in those of the other. Both sides count
/// alike, and so an id still tells whose request a signal is about.
constexpr MessageId acceptedIds = MessageId{1} << 62U;

/// The end of a Unix socket that connected has no name, but a process.
std::string placeOf(const ChannelInfo& channel) {
    const std::string& address = channel.peerAddress;
    if (address != "uds|" || !channel.peerCredentials) return address;
    return address + ", process " + std::to_string(channel.peerCredentials->pid);
}

MessagePtr makeBye(OpCode opCode) {
    MessagePtr bye(new Message());  // the engine and its pool may be gone
    bye->header.opCode = opCode;
    return bye;
}

}  // namespace

PeerPtr PeerState::open(const HubPtr& hub, MessagePtr& hello, error_code& ec) {
    auto peer = std::make_shared<PeerState>(hub, HelloPhase::Pending);
    Hub::RouteSlot slot = Hub::makeSlot(*peer);
    // Under the lock, so that nothing that results from it is routed before there is a route.
    const HubLock lock(*hub);
    if (hub->hasEnded()) {
        ec = hub->endReason();
    } else {
        hub->reserveRoute();
        const BinaryHeader header = hub->group().post(std::move(hello), ec);
        if (!ec) {
            peer->channel_ = header.channelNumber;
            peer->reading.open(header.channelNumber);
            hub->addRoute(peer->channel_, std::move(slot));
            return peer;
        }
    }
    peer->hasEnded_ = true;
    return nullptr;
}

PeerPtr PeerState::accept(const HubPtr& hub, const Message& hello, std::size_t maxWaiting) {
    auto peer = std::make_shared<PeerState>(hub, HelloPhase::Done);
    peer->channel_ = hello.header.channelNumber;
    peer->reading.open(peer->channel_);
    peer->noteOpened();
    Hub::RouteSlot slot = Hub::makeSlot(*peer);
    const HubLock lock(*hub);
    peer->keepHello(hello);
    peer->reading.setLimit(maxWaiting);
    hub->reserveRoute();
    hub->addRoute(peer->channel_, std::move(slot));
    return peer;
}

PeerState::~PeerState() {
    end();
}

/// No handle is left.
void PeerState::end() noexcept {
    MessagePtr bye;
    {
        const HubLock lock(*hub_);
        reading.letGo();
        if (hasEnded() || channel_ == 0) return;
        hub_->removeRoute(channel_);
        hasEnded_ = true;
        if (byeSaid_) return;
        bye = takeLastWord(helloPhase_ == HelloPhase::Done ? OpCode::ByeRequest : OpCode::ByeSignal);
    }
    error_code ec;  // the channel has ended, or the engine
    group().post(std::move(bye), ec);
}

MessagePtr PeerState::takeLastWord(OpCode opCode) noexcept {
    if (lastWord_ == nullptr) return nullptr;
    lastWord_->header.opCode = opCode;
    lastWord_->header.channelNumber = channel_;
    return std::move(lastWord_);
}

MessageId PeerState::nextRequestId() const noexcept {
    return (isAccepted_ ? acceptedIds : 0) | hub_->nextId();
}

/// Whether nextRequestId() returned it.
bool PeerState::isOwnRequest(MessageId id) const noexcept {
    const bool isOfAccepted = (id & acceptedIds) != 0;
    return isOfAccepted == isAccepted_ && hub_->hasGiven(id & ~acceptedIds);
}

MessageId PeerState::nextSignalId() const noexcept {
    return signalIds | hub_->nextId();
}

void PeerState::checkSendable(const MessagePtr& message) {
    if (message == nullptr) throw Error(Status::NullMessage);
    switch (message->header.opCode) {
        case OpCode::HelloRequest:
        case OpCode::WelcomeRequest:
        case OpCode::WelcomeResponse:
            throw Error(make_error_code(Status::InvalidOpCode),
                        std::string(nameOf(message->header.opCode)) + " on an open channel");
        default:
            return;
    }
}

error_code PeerState::post(MessagePtr& message) noexcept {
    error_code ec;
    if (message == nullptr) return Status::NullMessage;
    // Also when doomed: a message posted then comes back before the end does, and answering that by posting
    // again would put off the end for ever.
    if (isDoomed()) return Status::ChannelClosed;
    BinaryHeader& header = message->header;
    header.channelNumber = channel_;
    if (header.opCode == OpCode::Signal && header.messageId == 0) header.messageId = nextSignalId();
    group().post(std::move(message), ec);
    if (ec == Status::InvalidChannelNumber) {  // its end was just received, and is on its way to us
        isDoomed_.store(true, std::memory_order_release);
        ec = Status::ChannelClosed;
    }
    return ec;
}

Error PeerState::errorFor(const error_code& ec) {
    if (ec == Status::ShutdownStarted || ec == asio::error::operation_aborted) return Error(ec);
    if (ec == Status::NotAllowed)
        return {ec, placeAndCause(placeOf(info()), "somebody else waits there already")};
    if (ec != Status::ChannelClosed) return {ec, placeOf(info())};
    const HubLock lock(*hub_);
    // The name of the status is in the Error already.
    std::string_view reason = endReason_;
    constexpr std::string_view name = "ChannelClosed: ";
    if (reason.starts_with(name)) reason.remove_prefix(name.size());
    const std::string place = endPeer_ == opened_.peerAddress ? placeOf(opened_) : endPeer_;
    return Error(endCode_ ? endCode_ : ec, placeAndCause(place, reason));
}

std::string PeerState::endReason() {
    const HubLock lock(*hub_);
    return endReason_;
}

std::string PeerState::endPeer() {
    const HubLock lock(*hub_);
    return endPeer_;
}

void PeerState::abort() noexcept {
    MessagePtr bye;
    {
        const HubLock lock(*hub_);
        if (hasEnded()) return;
        byeSaid_ = true;
        bye = takeLastWord(OpCode::ByeSignal);
    }
    if (bye != nullptr) post(bye);  // otherwise the channel is ending
}

bool PeerState::isSayingBye() {
    const HubLock lock(*hub_);
    return byeSaid_;
}

MessagePtr PeerState::asBye(MessagePtr bye) {
    if (bye == nullptr) return makeBye(OpCode::ByeRequest);
    bye->header.opCode = OpCode::ByeRequest;
    return bye;
}

void PeerState::sayBye(MessagePtr bye) {
    bye = asBye(std::move(bye));
    MessageQueue dropped;
    error_code ec;
    {
        const HubLock lock(*hub_);
        ec = postBye(bye, dropped);
    }
    if (ec) throw errorFor(ec);
}

/// Posts under the lock, so that a bye that could not be posted is never taken for one that was said.
error_code PeerState::postBye(MessagePtr& bye, MessageQueue& dropped) noexcept {
    if (hasEnded()) return {};
    if (!byeSaid_) {
        const error_code ec = post(bye);
        // InvalidOpCode: the peer was faster, or its bye crossed ours.
        if (ec && ec != Status::ChannelClosed && ec != Status::InvalidOpCode) return ec;
        byeSaid_ = true;
    }
    reading.setClosing();
    inbox.hasReader = false;  // from now on the engine answers a bye
    dropped = takeByeRequests();
    return {};
}

/// The peer's bye, if it waits to be received.
MessageQueue PeerState::takeByeRequests() noexcept {
    return inbox.takeIf([](const Message& message) { return message.header.opCode == OpCode::ByeRequest; });
}

void PeerState::redirect(Inbox* sink, WokenList& woken) noexcept {
    sink_->attach(nullptr);
    sink_ = sink != nullptr ? sink : &inbox;
    if (sink != nullptr) {
        takeByeRequests();  // the engine answers
        while (MessagePtr message = inbox.take())
            sink->add(std::move(message), *hub_, woken);
    }
    sink_->attach(&reading);
}

ChannelInfo PeerState::info() {
    if (!hasEnded()) {
        error_code ec;
        ChannelInfo info = group().channelInfo(channel_, ec);
        if (!ec) return info;
    }
    const HubLock lock(*hub_);
    ChannelInfo info = opened_;
    info.channel = channel_;
    info.state = ChannelPhase::Closed;
    return info;
}

void PeerState::noteOpened() {
    error_code ec;
    ChannelInfo info = group().channelInfo(channel_, ec);
    if (ec) return;
    const HubLock lock(*hub_);
    opened_ = std::move(info);
}

PeerCounters PeerState::counters() {
    const HubLock lock(*hub_);
    PeerCounters result = counts;
    result.inFlight = answers.size();
    result.waiting = sink_->size();
    return result;
}

void PeerState::drain() noexcept {
    WokenList woken;
    {
        const HubLock lock(*hub_);
        if (!hasEnded()) inbox.close(make_error_code(Status::ShutdownStarted), *hub_, woken);
    }
    woken.wakeAll(false);
}

}  // namespace tempeh::flows::detail
