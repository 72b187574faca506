#include "flows/stream/exchange_table.hpp"

#include <algorithm>

namespace tempeh::flows::detail {

namespace {
constexpr std::size_t firstSize = 16;
}

bool ExchangeTable::insert(MessageId id, Exchange& exchange) {
    if (find(id) != nullptr) return false;
    if (size_ == buckets_.size()) grow();
    Exchange*& bucket = buckets_[bucketOf(id)];
    exchange.id_ = id;
    exchange.next_ = bucket;
    exchange.isEnlisted_ = true;
    bucket = &exchange;
    exchange.older_ = newest_;
    exchange.newer_ = nullptr;
    (newest_ != nullptr ? newest_->newer_ : oldest_) = &exchange;
    newest_ = &exchange;
    ++size_;
    return true;
}

void ExchangeTable::erase(Exchange& exchange) noexcept {
    if (!exchange.isEnlisted_) return;
    Exchange** link = &buckets_[bucketOf(exchange.id_)];
    while (*link != &exchange)
        link = &(*link)->next_;
    *link = exchange.next_;
    (exchange.older_ != nullptr ? exchange.older_->newer_ : oldest_) = exchange.newer_;
    (exchange.newer_ != nullptr ? exchange.newer_->older_ : newest_) = exchange.older_;
    exchange.isEnlisted_ = false;
    --size_;
}

void ExchangeTable::endAll(WokenList& woken) noexcept {
    for (Exchange* exchange = oldest_; exchange != nullptr; exchange = exchange->newer_)
        exchange->onEnd(woken);
}

void ExchangeTable::grow() {
    std::vector<Exchange*> old(std::max(firstSize, buckets_.size() * 2), nullptr);
    old.swap(buckets_);
    for (Exchange* exchange : old) {
        while (exchange != nullptr) {
            Exchange* const next = exchange->next_;
            Exchange*& bucket = buckets_[bucketOf(exchange->id_)];
            exchange->next_ = bucket;
            bucket = exchange;
            exchange = next;
        }
    }
}

}  // namespace tempeh::flows::detail
