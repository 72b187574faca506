#pragma once

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::machines {

/// Decides which connections a listener admits. It only counts and decides; the caller reports arrivals and
/// departures, and closes. A limit of 0 means no limit.
///
/// When the number of connections that have not said hello reaches its limit, the next one waits, usually in
/// the kernel's queue, where it loses nothing. The connection that has been silent longest must make way for
/// it, but only after `patience` ticks (of a clock that stops while this process does not run) and only when
/// hellos are not freeing places already: a herd of clients is admitted at the pace at which it says hello.
class Admission {
public:
    struct Limits {
        std::size_t connections = 0;
        std::size_t perPeer = 0;
        std::size_t handshakes = 0;
        std::size_t handshakesPerPeer = 0;
    };
    enum class Verdict : std::uint8_t { Admit, ListenerIsFull, PeerIsFull, PeerIsSilent };

    /// Length of a tick, and for how many ticks a connection may stay silent while others wait.
    static constexpr std::chrono::milliseconds tickLength{125};
    static constexpr unsigned patience = 8;

    /// Notified when a connection stops waiting for its hello; decides nothing.
    class Watcher {
    public:
        virtual void onRoom() noexcept = 0;

    protected:
        ~Watcher() = default;
    };

    /// An admitted connection, as its listener sees it.
    class Owner {
    public:
        /// Closes the connection: it has been silent for longest, and a newer one waits.
        virtual void makeRoomForNewer() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    /// Reports a Guest's events to the Admission's thread, for a connection that lives on another thread.
    class Relay {
    public:
        virtual void onStoppedWaiting() noexcept = 0;
        virtual void onLeft() noexcept = 0;

    protected:
        ~Relay() = default;
    };

    /// An admitted connection; leaves when destroyed. A member of the connection.
    class Guest;

    explicit Admission(const Limits& limits) noexcept : limits_(limits) {}
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// Whether enter() needs to know the peer.
    bool tellsPeersApart() const noexcept { return limits_.perPeer != 0 || limits_.handshakesPerPeer != 0; }

    /// May another connection from `peer` come in?
    Verdict judge(std::string_view peer) const noexcept;

    /// Admits a connection that has not said hello. takeOverdue() returns its `owner`. Throws std::bad_alloc,
    /// in which case it is not admitted.
    static void enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      Owner* owner);

    /// Whether one more silent connection is allowed.
    bool hasRoom() const noexcept { return limits_.handshakes == 0 || waiting_.size() < limits_.handshakes; }
    /// Advances the time of the silent connections. Call it every tickLength while there is no room and
    /// another connection waits; a late call does no harm.
    void tick() noexcept;
    /// The owner of a silent connection that must make way for a newer one; it no longer counts as silent.
    /// Null: none yet.
    Owner* takeOverdue() noexcept;
    /// The listener has ended: nothing is counted any more, and Guests may leave on any thread.
    void close() noexcept;
    /// `watcher` must outlive this object. Null: none.
    void watch(Watcher* watcher) noexcept { watcher_ = watcher; }

    std::size_t connections() const noexcept { return connections_; }

private:
    struct Count {
        std::size_t connections = 0;  // never 0
        std::size_t silent = 0;       // of them
    };
    using Peers = std::map<std::string, Count, std::less<>>;
    using WaitingHook =
        boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>>;

    void leave(Guest& guest) noexcept;
    void stopWaiting(Guest& guest) noexcept;
    void noteHeard(Guest& guest) noexcept;

public:
    class Guest : public WaitingHook {
    public:
        Guest() = default;
        ~Guest() { leave(); }
        Guest(const Guest&) = delete;
        Guest& operator=(const Guest&) = delete;

        /// This Guest is on another thread than the Admission, where another Guest represents it. `relay`
        /// receives this one's events.
        void relayTo(std::shared_ptr<Relay> relay) noexcept {
            relay_ = std::move(relay);
            isRelayWaiting_ = true;
        }
        /// Its hello has arrived, or it is being closed.
        void stopWaiting() noexcept {
            if (WaitingHook::is_linked()) [[unlikely]]
                admission_->stopWaiting(*this);
            if (isRelayWaiting_) [[unlikely]] {
                isRelayWaiting_ = false;
                relay_->onStoppedWaiting();
            }
        }
        void leave() noexcept {
            if (const std::shared_ptr<Admission> admission = std::move(admission_)) admission->leave(*this);
            isRelayWaiting_ = false;
            if (const std::shared_ptr<Relay> relay = std::move(relay_)) relay->onLeft();
        }

    private:
        friend class Admission;
        std::shared_ptr<Admission> admission_;  // null: not admitted
        std::shared_ptr<Relay> relay_;          // null: on the Admission's thread
        bool isRelayWaiting_ = false;
        Owner* owner_ = nullptr;
        std::uint64_t enteredAt_ = 0;  // in ticks
        Peers::iterator peer_{};       // valid while peers are told apart
    };

private:
    const Limits limits_;
    std::size_t connections_ = 0;
    Peers peers_;
    boost::intrusive::list<Guest> waiting_;  // longest wait first
    Watcher* watcher_ = nullptr;
    std::uint64_t ticks_ = 0;
    std::size_t heard_ = 0;      // connections that said hello or left since the last check
    bool movesByItself_ = true;  // as of the last check
    std::atomic<bool> isClosed_{false};
};

}  // namespace tempeh::machines
