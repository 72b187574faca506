#include "core/channel/listener_channel.hpp"

#include "core/channel/close_notice.hpp"
#include "core/channel/handover.hpp"
#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"
#include "core/group/stamp.hpp"
#include "transport/scheme.hpp"

#include <boost/asio/error.hpp>

namespace tempeh::core {

using machines::EndCause;

namespace {

machines::Admission::Limits admissionLimits(const Options& options) noexcept {
    return {.connections = options.maxConnectionsPerListener,
            .perPeer = options.maxConnectionsPerPeer,
            .handshakes = options.maxHandshakesPerListener,
            .handshakesPerPeer = options.maxHandshakesPerPeer};
}

}  // namespace

ListenerChannel::ListenerChannel(Engine& engine, std::shared_ptr<Group> group)
    : Channel(std::move(group), Kind::Listener, limitsOf(engine.options()), engine.now())
    , engine_(engine)
    , admission_(std::make_shared<machines::Admission>(admissionLimits(engine.options())))
    , acceptRate_(engine.options().maxAcceptsPerSecond)
    , peerRates_(engine.options().maxAcceptsPerSecondPerPeer)
    , notice_(engine.pool().getReserved()) {
    admission_->watch(this);
}

void ListenerChannel::accept(MessagePtr message) {
    if (message->header.opCode != OpCode::WelcomeRequest) {
        // It was checked when posted, so it is a bye.
        message.reset();
        return end(EndCause::LocalClose, Status::Success, {});
    }
    welcome_ = std::move(message);  // first: if the rest fails, it comes back
    Address address = parseAddress(*welcome_);
    listener_ = engine_.network().makeListener(wire::schemeOf(address));
    pauseTimer_ = engine_.network().makeTimer();
    isRunning_ = true;
    engine_.life().noteActive(*this);
    try {
        engine_.life().spawn(run(this, std::move(address)));
    } catch (const std::bad_alloc&) {
        abandon();
        throw;
    }
}

asio::awaitable<void> ListenerChannel::run(ListenerChannelPtr self, Address address) {
    const Loop loop(*self);
    error_code ec;
    bool goOn = false;
    try {
        co_await self->listener_->open(std::move(address), ec);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_memory;
    }
    goOn = self->onOpened(ec);
    while (goOn) {
        std::unique_ptr<transport::Stream> stream;
        Duration pause = Duration::zero();
        try {
            stream = co_await self->listener_->accept(ec);
            if (stream != nullptr && !self->admits(*stream)) continue;
            if (stream != nullptr && self->acceptRate_.isLimited()) co_await self->waitForToken();
            if (!self->admission_->hasRoom()) co_await self->waitForRoom();
        } catch (const std::bad_alloc&) {
            ec = asio::error::no_memory;
        }
        goOn = self->onAccepted(std::move(stream), ec, pause);
        if (!goOn || pause <= Duration::zero()) continue;
        co_await self->pauseTimer_->wait(self->engine_.now() + pause, ec);
        // Without a pause it would retry in a tight loop for ever.
        goOn = self->machine_.state() == machines::ListenerState::Listening && ec != asio::error::no_memory;
    }
}

/// Identifies the peer, if the limits distinguish peers.
std::string ListenerChannel::identityOf(const transport::Stream& stream) const {
    const bool tellsPeersApart = admission_->tellsPeersApart() || peerRates_.isLimited();
    return tellsPeersApart ? stream.peerIdentity() : std::string();
}

/// Whether the limits admit the connection.
bool ListenerChannel::admits(const transport::Stream& stream) {
    using Verdict = machines::Admission::Verdict;
    const std::string peer = identityOf(stream);
    switch (admission_->judge(peer)) {
        case Verdict::ListenerIsFull:
            noteRefused(stream, true, "maxConnectionsPerListener are open");
            return false;
        case Verdict::PeerIsFull:
            noteRefused(stream, false, "maxConnectionsPerPeer are open");
            return false;
        case Verdict::PeerIsSilent:
            noteRefused(stream, false, "maxHandshakesPerPeer have not said hello");
            return false;
        case Verdict::Admit:
            break;
    }
    if (peerRates_.take(peer, engine_.now().time_since_epoch())) return true;
    noteRefused(stream, false, "faster than maxAcceptsPerSecondPerPeer");
    return false;
}

void ListenerChannel::noteRefused(const transport::Stream& stream, bool byListener, std::string_view limit) {
    EngineCounters& all = engine_.counters();
    (byListener ? all.refusedByListener : all.refusedByPeer).add();
    if (engine_.log().wantsDebug())
        engine_.log().debug("connection from " + stream.info().peerAddress +
                            " refused: " + std::string(limit));
    backoff_.onSuccess();
}

TimePoint ListenerChannel::nextAccept() const noexcept {
    const auto now = engine_.now();
    return TimePoint(acceptTokens_.nextAt(acceptRate_, now.time_since_epoch()));
}

/// Waits until the listener may accept one more. New connections wait in the kernel meanwhile.
asio::awaitable<void> ListenerChannel::waitForToken() {
    error_code ec;
    while (machine_.state() == machines::ListenerState::Listening &&
           !acceptTokens_.take(acceptRate_, engine_.now().time_since_epoch())) {
        co_await pauseTimer_->wait(nextAccept(), ec);
        if (ec == asio::error::no_memory) break;  // then accepts one more than the limit
    }
}

/// Waits until fewer connections are silent than the limit allows. New connections wait in the kernel
/// meanwhile.
asio::awaitable<void> ListenerChannel::waitForRoom() {
    error_code ec;
    isWaitingForRoom_ = true;
    while (machine_.state() == machines::ListenerState::Listening && !admission_->hasRoom()) {
        if (machines::Admission::Owner* const silent = admission_->takeOverdue()) {
            const Engine::Turn turn(engine_);
            silent->makeRoomForNewer();
            continue;
        }
        co_await pauseTimer_->wait(nextTick_, ec);
        if (ec == asio::error::no_memory) break;  // then accepts one more than the limit
        if (engine_.now() < nextTick_) continue;
        admission_->tick();
        nextTick_ = engine_.now() + machines::Admission::tickLength;
    }
    isWaitingForRoom_ = false;
}

void ListenerChannel::onRoom() noexcept {
    if (isWaitingForRoom_ && pauseTimer_ != nullptr) pauseTimer_->cancel();
}

bool ListenerChannel::onOpened(const error_code& ec) noexcept {
    const Engine::Turn turn(engine_);
    const Status status = ec == asio::error::no_memory ? Status::AllocationFailed
                          : ec                         ? Status::ListenFailed
                                                       : Status::Success;
    if (status == Status::Success) {
        try {
            publishAddress();
        } catch (const std::bad_alloc&) {
            end(EndCause::Failure, Status::AllocationFailed, {});
            return false;
        } catch (const Error& wrong) {
            end(EndCause::Failure, Status::InvalidAddress, wrong.code());  // no header can carry it
            return false;
        }
    }
    if (!machine_.onOpened(status)) {
        end(EndCause::ConnectFailed, status, ec);
        return false;
    }
    phase.store(ChannelPhase::Listening, std::memory_order_relaxed);
    if (!isDetached_) {
        MessageQueue batch;
        batch.pushBack(answer(Status::Success, {}));
        group().deliver(batch, false);
    }
    return true;
}

/// Publishes the bound address to the application, and in the answer to the WelcomeRequest.
void ListenerChannel::publishAddress() {
    const Address bound = listener_->boundAddress();
    std::string text = toString(bound);
    if (welcome_ != nullptr) welcome_->textHeaders.set(wire::listenOnHeader, text);
    addresses.set({.transport = transport::kindOf(bound), .local = std::move(text)});
}

/// The WelcomeResponse, with the bound address or the reason for the failure.
MessagePtr ListenerChannel::answer(Status status, const EndDetail& detail) noexcept {
    MessagePtr response = std::move(welcome_);
    response->header.opCode = OpCode::WelcomeResponse;
    markFromEngine(*response, status);
    if (status == Status::Success || detail.empty()) return response;
    try {
        response->textHeaders.set(wire::reasonHeader, detail.text());
    } catch (const std::bad_alloc&) {
        // The status must suffice.
    }
    return response;
}

/// Hands an accepted connection over to another engine.
Status ListenerChannel::handOver(const std::shared_ptr<Group>& target,
                                 std::unique_ptr<transport::DetachedStream> stream, const std::string& peer) {
    const auto handover = std::make_shared<Handover>(group().self(), target, std::move(stream));
    return handover->start(admission_, peer) ? Status::Success : Status::ShutdownStarted;
}

/// Creates a channel for an accepted connection. On failure returns TooManyChannels, ShutdownStarted or
/// AllocationFailed, and the connection is closed.
Status ListenerChannel::open(std::unique_ptr<transport::Stream> stream) noexcept {
    try {
        const std::string peer = identityOf(*stream);
        const std::shared_ptr<Group> target =
            group().acceptTargets.choose(stream->info().peerAddress, engine_.log());
        if (target != nullptr && target.get() != &group())
            if (std::unique_ptr<transport::DetachedStream> detached = stream->detach())
                return handOver(target, std::move(detached), peer);
        const IoChannelPtr channel(new IoChannel(engine_, group().self(), std::move(stream)));
        channel->enter(admission_, peer);
        engine_.life().noteOpened();
        return channel->open();
    } catch (const std::bad_alloc&) {
        return Status::AllocationFailed;
    }
}

bool ListenerChannel::onAccepted(std::unique_ptr<transport::Stream> stream, const error_code& ec,
                                 Duration& pause) noexcept {
    const Engine::Turn turn(engine_);
    if (machine_.state() != machines::ListenerState::Listening) return false;
    error_code failure = ec;
    if (stream != nullptr) {
        const Status status = open(std::move(stream));
        if (status == Status::Success) {
            backoff_.onSuccess();
            return true;
        }
        failure = status;
    }
    if (failure == Status::ShutdownStarted) return true;  // about to end, and not for lack of resources
    engine_.counters().acceptFailures.add();
    const machines::AcceptBackoff::Pause rest = backoff_.onFailure();
    if (rest.startsEpisode) reportAcceptFailure(failure);
    pause = rest.delay;
    return true;
}

/// Sends one AcceptFailed for a whole series of failures.
void ListenerChannel::reportAcceptFailure(const error_code& ec) noexcept {
    try {
        engine_.log().warn("listener " + addresses.local() + " cannot accept: " + ec.message() +
                           "; trying again");
        MessagePtr notice = makeNotice(engine_.pool().getReserved(), *this, Status::AcceptFailed);
        notice->textHeaders.append(wire::reasonHeader, ec.message());
        MessageQueue batch;
        batch.pushBack(std::move(notice));
        if (!isDetached_) group().deliver(batch, false);
    } catch (const std::bad_alloc&) {
        // The counters include it.
    }
}

void ListenerChannel::end(EndCause cause, Status status, const EndDetail& detail) noexcept {
    const bool owesAnswer = machine_.owesWelcomeResponse();
    const bool announce = machine_.onEnd();
    if (!announce) return;
    const ListenerChannelPtr keepAlive(this);
    const Status reason = status != Status::Success     ? status
                          : cause == EndCause::Shutdown ? Status::ShutdownStarted
                                                        : Status::ChannelClosed;
    phase.store(ChannelPhase::Closed, std::memory_order_relaxed);
    admission_->close();  // here and not in the destructor, which may run on any thread
    MessageQueue back;
    MessageQueue byes = engine_.submitQueue().end(*this, Status::Returned);
    if (owesAnswer && welcome_ == nullptr) welcome_ = accepting.popFront();  // not accepted yet
    if (owesAnswer && welcome_ == nullptr) welcome_ = byes.popFront();
    byes.clear();  // nothing is left for them to do
    if (owesAnswer && welcome_ != nullptr)
        back.pushBack(answer(reason == Status::ChannelClosed ? Status::Returned : reason, detail));
    back.pushBack(makeCloseNotice(std::move(notice_), *this, cause, reason, detail));
    closeStream();  // before the notice: its receiver may listen here again at once
    engine_.channelLog().noteEnd(*this, cause, reason, detail, 0);
    engine_.life().noteEnded();  // before the notice: its receiver may read the counters
    if (isDetached_)
        engine_.submitQueue().retire(*this);
    else
        group().deliver(back, false);
}

void ListenerChannel::detach() {
    isDetached_ = true;
    end(EndCause::LocalClose, Status::Success, {});
}

void ListenerChannel::drainForShutdown() {
    end(EndCause::Shutdown, Status::ShutdownStarted, {});
}

void ListenerChannel::closeStream() noexcept {
    if (listener_ != nullptr) listener_->close();
    if (pauseTimer_ != nullptr) pauseTimer_->cancel();
}

/// run() ended normally, or was destroyed together with an Asio handler that could not be allocated.
void ListenerChannel::onLoopEnd() noexcept {
    if (!isRunning_) return;  // the context is being destroyed, and everything on it
    const Engine::Turn turn(engine_);
    end(EndCause::Failure, Status::AllocationFailed, {});  // no effect if it has ended
    abandon();
}

void ListenerChannel::abandon() noexcept {
    listener_.reset();
    pauseTimer_.reset();
    if (isRunning_) engine_.life().noteInactive(*this);
    isRunning_ = false;
}

}  // namespace tempeh::core
