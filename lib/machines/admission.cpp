#include "machines/admission.hpp"

namespace tempeh::machines {

Admission::Verdict Admission::judge(std::string_view peer) const noexcept {
    if (limits_.connections != 0 && connections_ >= limits_.connections) return Verdict::ListenerIsFull;
    if (!tellsPeersApart()) return Verdict::Admit;
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second >= limits_.perPeer ? Verdict::PeerIsFull : Verdict::Admit;
}

void Admission::enter(const std::shared_ptr<Admission>& admission, Guest& guest, std::string_view peer,
                      void* owner) {
    if (admission->tellsPeersApart()) {
        guest.peer_ = admission->peers_.try_emplace(std::string(peer), 0).first;
        ++guest.peer_->second;
    }
    guest.admission_ = admission;
    guest.owner_ = owner;
    ++admission->connections_;
    if (admission->limits_.handshakes != 0) admission->waiting_.push_back(guest);
}

void* Admission::longestWaiting() const noexcept {
    return limits_.handshakes != 0 && waiting_.size() > limits_.handshakes ? waiting_.front().owner_
                                                                           : nullptr;
}

void Admission::leave(Guest& guest) noexcept {
    --connections_;
    guest.stopWaiting();
    if (tellsPeersApart() && --guest.peer_->second == 0) peers_.erase(guest.peer_);
}

void Admission::stopWaiting(Guest& guest) noexcept {
    waiting_.erase(waiting_.iterator_to(guest));
}

}  // namespace tempeh::machines
