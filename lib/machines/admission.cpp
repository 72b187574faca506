#include "machines/admission.hpp"

namespace tempeh::machines {

Admission::Verdict Admission::judge(std::string_view peer) const noexcept {
    if (limits_.connections != 0 && connections_ >= limits_.connections) return Verdict::ListenerIsFull;
    if (!tellsPeersApart()) return Verdict::Admit;
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return Verdict::Admit;
    const Count& count = found->second;
    if (limits_.perPeer != 0 && count.connections >= limits_.perPeer) return Verdict::PeerIsFull;
    const bool isSilent = limits_.handshakesPerPeer != 0 && count.silent >= limits_.handshakesPerPeer;
    return isSilent ? Verdict::PeerIsSilent : Verdict::Admit;
}

void Admission::enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      Owner* owner) {
    if (admission->tellsPeersApart()) {
        guest.peer_ = admission->peers_.try_emplace(std::string(peer)).first;
        ++guest.peer_->second.connections;
        ++guest.peer_->second.silent;
    }
    guest.admission_ = admission;
    guest.owner_ = owner;
    guest.enteredAt_ = admission->ticks_;
    ++admission->connections_;
    const Limits& limits = admission->limits_;
    if (limits.handshakes != 0 || limits.handshakesPerPeer != 0) admission->waiting_.push_back(guest);
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
    noteHeard(longest);
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
    if (tellsPeersApart() && --guest.peer_->second.connections == 0) peers_.erase(guest.peer_);
}

void Admission::noteHeard(Guest& guest) noexcept {
    if (tellsPeersApart()) --guest.peer_->second.silent;
}

void Admission::stopWaiting(Guest& guest) noexcept {
    waiting_.erase(waiting_.iterator_to(guest));
    noteHeard(guest);
    ++heard_;
    if (watcher_ != nullptr) watcher_->onRoom();
}

}  // namespace tempeh::machines
