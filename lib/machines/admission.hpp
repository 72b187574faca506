#pragma once

#include <boost/intrusive/list.hpp>

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
class Admission {
public:
    struct Limits {
        std::size_t connections = 0;
        std::size_t perPeer = 0;
        std::size_t handshakes = 0;
    };
    enum class Verdict : std::uint8_t { Admit, ListenerIsFull, PeerIsFull };

    /// One that stays; leaves when destroyed. A member of the connection.
    class Guest;

    explicit Admission(const Limits& limits) noexcept : limits_(limits) {}
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// Whether enter() need know who the peer is.
    bool tellsPeersApart() const noexcept { return limits_.perPeer != 0; }

    /// May another one of `peer` come?
    Verdict judge(std::string_view peer) const noexcept;

    /// It comes, not having said hello. `owner` is what longestWaiting() gives. Throws std::bad_alloc, then
    /// it is not in.
    static void enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      void* owner);

    /// The owner of the one that has waited longest without a hello, when more wait than may; else null.
    void* longestWaiting() const noexcept;

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
        Peers::iterator peer_{};  // valid while peers are told apart
    };

private:
    const Limits limits_;
    std::size_t connections_ = 0;
    Peers peers_;
    boost::intrusive::list<Guest> waiting_;  // the longest first
};

}  // namespace tempeh::machines
