#include "machines/admission.hpp"

namespace tempeh::machines {

Admission::Verdict Admission::judge(std::string_view peer) const noexcept {
    if (limits_.connections != 0 && connections_ >= limits_.connections) return Verdict::ListenerIsFull;
    if (!tellsPeersApart()) return Verdict::Admit;
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second >= limits_.perPeer ? Verdict::PeerIsFull : Verdict::Admit;
}

void Admission::enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      Owner* owner) {
    if (admission->tellsPeersApart()) {
        guest.peer_ = admission->peers_.try_emplace(std::string(peer), 0).first;
        ++guest.peer_->second;
    }
    guest.admission_ = admission;
    guest.owner_ = owner;
    guest.enteredAt_ = admission->ticks_;
    ++admission->connections_;
    if (admission->limits_.handshakes != 0) admission->waiting_.push_back(guest);
}

void Admission::tick() noexcept {
    // The queue moves by itself when one in this many of the permitted silent connections has said hello or
    // left.
    constexpr std::size_t share = 4;
    if (++ticks_ % patience != 0) return;
    movesByItself_ = heard_ * share >= limits_.handshakes;
    heard_ = 0;
}

Admission::Owner* Admission::takeOverdue() noexcept {
    if (hasRoom() || movesByItself_) return nullptr;
    Guest& longest = waiting_.front();
    if (ticks_ - longest.enteredAt_ < patience) return nullptr;
    waiting_.pop_front();
    return longest.owner_;
}

void Admission::close() noexcept {
    waiting_.clear();
    watcher_ = nullptr;
    isClosed_.store(true, std::memory_order_release);
}

void Admission::leave(Guest& guest) noexcept {
    if (isClosed_.load(std::memory_order_acquire)) return;
    --connections_;
    if (guest.WaitingHook::is_linked()) stopWaiting(guest);
    if (tellsPeersApart() && --guest.peer_->second == 0) peers_.erase(guest.peer_);
}

void Admission::stopWaiting(Guest& guest) noexcept {
    waiting_.erase(waiting_.iterator_to(guest));
    ++heard_;
    if (watcher_ != nullptr) watcher_->onRoom();
}

}  // namespace tempeh::machines
