#include "decode/reassembly.hpp"

#include <algorithm>
#include <utility>

namespace tool {

void Reassembly::add(std::uint32_t sequence, bool isSyn, std::string_view payload) {
    if (isSyn) ++sequence;
    if (!start_ || (isSyn && next_ == 0)) start_ = sequence;
    if (payload.empty()) return;
    // Sequence numbers wrap; the distance to what is expected next is small either way.
    const auto expected = static_cast<std::uint32_t>(*start_ + next_);
    const auto distance = static_cast<std::int32_t>(sequence - expected);
    const std::int64_t offset = static_cast<std::int64_t>(next_) + distance;
    if (offset < 0) {
        const auto before = static_cast<std::uint64_t>(-offset);
        if (before >= payload.size()) return;
        payload.remove_prefix(before);
    }
    std::string& kept = waiting_[static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0))];
    if (kept.size() < payload.size()) kept = payload;
}

std::string Reassembly::take() {
    std::string stream;
    while (!waiting_.empty() && waiting_.begin()->first <= next_) {
        const auto first = waiting_.begin();
        const std::uint64_t known = next_ - first->first;
        if (known < first->second.size()) {
            stream.append(first->second, known);
            next_ = first->first + first->second.size();
        }
        waiting_.erase(first);
    }
    return stream;
}

std::size_t Reassembly::gap() const noexcept {
    return waiting_.empty() ? 0 : waiting_.begin()->first - next_;
}

}  // namespace tool
