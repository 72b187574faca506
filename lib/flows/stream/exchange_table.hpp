#pragma once

#include "flows/hub/wait.hpp"

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <vector>

namespace tempeh::flows::detail {

class StreamState;

/// Receives the messages of one id.
class Exchange {
public:
    Exchange() noexcept = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Takes the message, or leaves it.
    virtual void onMessage(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;
    /// The channel ended.
    virtual void onEnd(WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;
    virtual StreamState* asStream() noexcept { return nullptr; }

    MessageId id() const noexcept { return id_; }
    bool isEnlisted() const noexcept TEMPEH_REQUIRES(hubLocked) { return isEnlisted_; }

protected:
    ~Exchange() = default;

private:
    friend class ExchangeTable;

    MessageId id_ = 0;          // constant once it is enlisted
    Exchange* next_ = nullptr;  // in its bucket
    Exchange* older_ = nullptr;
    Exchange* newer_ = nullptr;
    bool isEnlisted_ TEMPEH_GUARDED_BY(hubLocked) = false;
};

/// Exchanges by message id: a hash table of objects that others own, and their order. Allocates only to grow.
class ExchangeTable {
public:
    /// False: the id is in use. Throws std::bad_alloc.
    bool insert(MessageId id, Exchange& exchange) TEMPEH_REQUIRES(hubLocked);
    void erase(Exchange& exchange) noexcept TEMPEH_REQUIRES(hubLocked);
    Exchange* find(MessageId id) const noexcept {
        if (size_ == 0) return nullptr;
        Exchange* exchange = buckets_[bucketOf(id)];
        while (exchange != nullptr && exchange->id_ != id)
            exchange = exchange->next_;
        return exchange;
    }
    std::size_t size() const noexcept { return size_; }

    /// Tells every exchange that the channel ended, oldest first. They stay enlisted.
    void endAll(WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);

private:
    std::size_t bucketOf(MessageId id) const noexcept {
        // Ids are mostly sequential; those of others may share their low bits.
        return static_cast<std::size_t>((id ^ (id >> 32U)) & (buckets_.size() - 1));
    }
    void grow();

    std::vector<Exchange*> buckets_;  // a power of two
    Exchange* oldest_ = nullptr;
    Exchange* newest_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tempeh::flows::detail
