#pragma once

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tempeh::machines {

/// Which of those that connect to a listener may stay. Counts and decides; the caller tells who comes and
/// goes, and closes. 0 as a limit: none.
///
/// When as many have not said hello as may, the next one waits at the door, in the kernel's queue at best,
/// where it loses nothing. The one that has been silent for longest goes for it, but only when it had
/// `patience` ticks of a clock that stands while this side does not run, and when hellos do not make room by
/// themselves: a herd of clients that all come at once is let in at the pace at which it talks.
class Admission {
public:
    struct Limits {
        std::size_t connections = 0;
        std::size_t perPeer = 0;
        std::size_t handshakes = 0;
    };
    enum class Verdict : std::uint8_t { Admit, ListenerIsFull, PeerIsFull };

    /// How long a tick is, and how many of them one may be silent when others wait at the door.
    static constexpr std::chrono::milliseconds tickLength{125};
    static constexpr unsigned patience = 8;

    /// Told when one no longer waits for its hello; decides nothing here.
    class Watcher {
    public:
        virtual void onRoom() noexcept = 0;

    protected:
        ~Watcher() = default;
    };

    /// One that stays; leaves when destroyed. A member of the connection.
    class Guest;

    explicit Admission(const Limits& limits) noexcept : limits_(limits) {}
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// Whether enter() need know who the peer is.
    bool tellsPeersApart() const noexcept { return limits_.perPeer != 0; }

    /// May another one of `peer` come?
    Verdict judge(std::string_view peer) const noexcept;

    /// It comes, not having said hello. `owner` is what takeOverdue() gives. Throws std::bad_alloc, then it
    /// is not in.
    static void enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      void* owner);

    /// Whether one more may be silent.
    bool hasRoom() const noexcept { return limits_.handshakes == 0 || waiting_.size() < limits_.handshakes; }
    /// Time passes for those that are silent. To be called every tickLength while there is no room and
    /// somebody is at the door; late is as good as in time.
    void tick() noexcept;
    /// The owner of one that has to go for a newer one, which counts as silent no longer; null: none yet.
    void* takeOverdue() noexcept;
    /// Null: nobody. Outlives what is told.
    void watch(Watcher* watcher) noexcept { watcher_ = watcher; }

    std::size_t connections() const noexcept { return connections_; }

private:
    using Peers = std::map<std::string, std::size_t, std::less<>>;  // connections of each, never 0
    using WaitingHook =
        boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>>;

    void leave(Guest& guest) noexcept;
    void stopWaiting(Guest& guest) noexcept;

public:
    class Guest : public WaitingHook {
    public:
        Guest() = default;
        ~Guest() { leave(); }
        Guest(const Guest&) = delete;
        Guest& operator=(const Guest&) = delete;

        /// Its hello is in, or it is on its way out.
        void stopWaiting() noexcept {
            if (WaitingHook::is_linked()) [[unlikely]]
                admission_->stopWaiting(*this);
        }
        void leave() noexcept {
            if (admission_ == nullptr) return;
            admission_->leave(*this);
            admission_.reset();
        }

    private:
        friend class Admission;
        std::shared_ptr<Admission> admission_;  // null: not in
        void* owner_ = nullptr;
        std::uint64_t enteredAt_ = 0;  // the tick
        Peers::iterator peer_{};       // valid while peers are told apart
    };

private:
    const Limits limits_;
    std::size_t connections_ = 0;
    Peers peers_;
    boost::intrusive::list<Guest> waiting_;  // the longest first
    Watcher* watcher_ = nullptr;
    std::uint64_t ticks_ = 0;
    std::size_t heard_ = 0;      // that made room by themselves since the last look
    bool movesByItself_ = true;  // as it was at the last look
};

}  // namespace tempeh::machines
