#include "core/channel/handover.hpp"

#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"

#include <new>
#include <utility>

namespace tempeh::core {

/// The connection's place in the limits of its listener. The guest belongs to the listener's reactor thread;
/// other threads submit tasks to it.
class Handover::Seat final : public std::enable_shared_from_this<Seat>, private machines::Admission::Owner {
public:
    explicit Seat(std::shared_ptr<Group> listeners) : listeners_(std::move(listeners)) {}

    // The listener's reactor thread.
    void take(const std::shared_ptr<machines::Admission>& admission, std::string_view peer,
              std::weak_ptr<Handover> connection) {
        connection_ = std::move(connection);
        machines::Admission::enter(admission, guest_, peer, this);
    }
    void leave() noexcept { guest_.leave(); }

    // Any thread.
    void leaveSoon() noexcept {
        Engine& engine = listeners_->engine();
        // The listener's engine has no reactor thread any more. Once its context is released, no other thread
        // uses the limits.
        if (!engine.submit(leaving_, shared_from_this())) engine.life().awaitRelease();
    }
    void stopWaitingSoon() noexcept { listeners_->engine().submit(stopping_, shared_from_this()); }

private:
    void makeRoomForNewer() noexcept override {
        if (const std::shared_ptr<Handover> connection = connection_.lock())
            connection->target_->engine().submit(connection->evicting_, connection);
    }
    void stopWaiting() noexcept { guest_.stopWaiting(); }

    const std::shared_ptr<Group> listeners_;
    std::weak_ptr<Handover> connection_;
    machines::Admission::Guest guest_;
    OwnTask<Seat, &Seat::stopWaiting> stopping_{*this};
    OwnTask<Seat, &Seat::leave> leaving_{*this};
};

Handover::Handover(const std::shared_ptr<Group>& listeners, std::shared_ptr<Group> target,
                   std::unique_ptr<transport::DetachedStream> stream)
    : target_(std::move(target)), stream_(std::move(stream)), seat_(std::make_shared<Seat>(listeners)) {}

Handover::~Handover() {
    if (seat_ != nullptr) seat_->leaveSoon();
}

bool Handover::start(const std::shared_ptr<machines::Admission>& admission, std::string_view peer) {
    seat_->take(admission, peer, weak_from_this());
    // Count now, so that the next connection goes elsewhere.
    target_->engine().life().noteOpened();
    if (target_->engine().submit(opening_, shared_from_this())) return true;
    target_->engine().life().noteNotOpened();
    std::exchange(seat_, nullptr)->leave();
    return false;
}

void Handover::open() noexcept {
    Engine& engine = target_->engine();
    IoChannelPtr channel;
    Status status = Status::CommunicationFailed;
    try {
        error_code ec;
        std::unique_ptr<transport::Stream> stream = stream_->attach(engine.context().executorHere(), ec);
        stream_.reset();
        if (stream != nullptr) channel = new IoChannel(engine, target_, std::move(stream));
    } catch (const std::bad_alloc&) {
        status = Status::AllocationFailed;
    }
    if (channel == nullptr) {
        engine.life().noteNotOpened();
    } else {
        channel->enterThrough(std::shared_ptr<machines::Admission::Relay>(shared_from_this(), this));
        channel_ = channel.get();
        status = channel->open();
    }
    if (status != Status::Success && status != Status::ShutdownStarted)
        engine.counters().acceptFailures.add();
}

/// The listener's engine counts the connection as silent from the handover on. But the peer is only to blame
/// for the time during which this engine reads, which must be at least half, and not at all once its hello
/// has arrived.
void Handover::evict() noexcept {
    constexpr Duration patience = machines::Admission::tickLength * machines::Admission::patience / 2;
    if (channel_ == nullptr || !isSilent_) return;
    if (channel_->age(target_->engine().now()) >= patience) channel_->makeRoomForNewer();
}

void Handover::onStoppedWaiting() noexcept {
    isSilent_ = false;
    seat_->stopWaitingSoon();
}

void Handover::onLeft() noexcept {
    channel_ = nullptr;
    if (const std::shared_ptr<Seat> seat = std::exchange(seat_, nullptr)) seat->leaveSoon();
}

}  // namespace tempeh::core
