// Who may stay at a listener: limits from the first bytes, then connections that come, say hello and go.

#include "machines/admission.hpp"

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <string>

namespace tempeh::fuzz {
namespace {

using machines::Admission;

class Door {
public:
    explicit Door(Bytes script)
        : input_(script)
        , limits_{.connections = input_.byte() % 16U,
                  .perPeer = input_.byte() % 4U,
                  .handshakes = input_.byte() % 8U,
                  .handshakesPerPeer = input_.byte() % 4U}
        , admission_(std::make_shared<Admission>(limits_)) {}

    void run() {
        while (!input_.empty()) {
            const unsigned event = input_.byte();
            if (event >= 224)
                passTime(event);
            else if (event % 4 < 2)
                arrive(peers[event / 4 % peers.size()]);
            else if (!there_.empty())
                act(event % 4 == 2, event / 4);
            check();
        }
        if (there_.size() % 2 == 0) admission_.reset();  // those who are there may outlive the listener
    }

private:
    static constexpr std::array<std::string_view, 5> peers{"", "tcp|10.0.0.1", "tcp|10.0.0.2", "uid 0",
                                                           "uid 1"};

    struct Connection final : Admission::Owner {
        void makeRoomForNewer() noexcept override {}
        std::string_view peer;
        bool isWaiting = true;
        unsigned since = 0;
        Admission::Guest guest;
    };

    std::size_t connectionsOf(std::string_view peer) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(there_, [peer](const Connection& one) { return one.peer == peer; }));
    }

    std::size_t silentOf(std::string_view peer) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            there_, [peer](const Connection& one) { return one.peer == peer && one.isWaiting; }));
    }

    void arrive(std::string_view peer) {
        const bool isListenerFull = limits_.connections != 0 && there_.size() >= limits_.connections;
        const bool isPeerFull = limits_.perPeer != 0 && connectionsOf(peer) >= limits_.perPeer;
        const Admission::Verdict verdict = admission_->judge(peer);
        FUZZ_CHECK((verdict == Admission::Verdict::ListenerIsFull) == isListenerFull);
        FUZZ_CHECK((verdict == Admission::Verdict::PeerIsFull) == (isPeerFull && !isListenerFull));
        const bool isSilent = limits_.handshakesPerPeer != 0 && silentOf(peer) >= limits_.handshakesPerPeer;
        FUZZ_CHECK((verdict == Admission::Verdict::PeerIsSilent) ==
                   (isSilent && !isPeerFull && !isListenerFull));
        if (verdict != Admission::Verdict::Admit) return;
        there_.emplace_back();
        there_.back().peer = peer;
        there_.back().since = ticks_;
        Admission::enter(admission_, there_.back().guest, peer, &there_.back());
    }

    void passTime(unsigned event) {
        for (unsigned i = 0; i <= event - 224; ++i)
            admission_->tick();
        ticks_ += event - 223;
    }

    void act(bool goes, unsigned which) {
        const auto one = std::next(there_.begin(), static_cast<std::ptrdiff_t>(which % there_.size()));
        if (goes) {
            there_.erase(one);
        } else {
            one->guest.stopWaiting();  // twice is once
            one->isWaiting = false;
        }
    }

    void check() {
        FUZZ_CHECK(admission_->connections() == there_.size());
        FUZZ_CHECK(admission_->tellsPeersApart() == (limits_.perPeer != 0 || limits_.handshakesPerPeer != 0));
        const auto waits = [](const Connection& one) { return one.isWaiting; };
        const auto waiting = static_cast<std::size_t>(std::ranges::count_if(there_, waits));
        const bool isFull = limits_.handshakes != 0 && waiting >= limits_.handshakes;
        FUZZ_CHECK(admission_->hasRoom() == !isFull);
        const Admission::Owner* const overdue = admission_->takeOverdue();
        if (overdue == nullptr) return;
        const auto longest = std::ranges::find_if(there_, waits);
        FUZZ_CHECK(isFull && overdue == &*longest && ticks_ - longest->since >= Admission::patience);
        longest->isWaiting = false;
    }

    Input input_;
    const Admission::Limits limits_;
    unsigned ticks_ = 0;
    std::shared_ptr<Admission> admission_;
    std::list<Connection> there_;  // the longest first
};

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(admission) {
    tempeh::fuzz::Door(input).run();
}
