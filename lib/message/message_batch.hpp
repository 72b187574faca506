#pragma once

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/message.hpp>

#include <boost/intrusive/slist.hpp>

#include <cstddef>
#include <utility>

namespace tempeh::detail {

inline std::size_t heapBytesOf(const Message& message) noexcept {
    return message.body.heapBytes() + TextBlock::heapBytes(message.textHeaders);
}

/// Frees the heap blocks of a message that holds more than `limit` bytes. Returns how much it still holds.
inline std::size_t trimHeap(Message& message, std::size_t heapBytes, std::size_t limit) noexcept {
    if (heapBytes <= limit) return heapBytes;
    message.body.releaseHeap();
    TextBlock::releaseHeap(message.textHeaders);
    return 0;
}

/// Free messages, last in first out, that change hands as a whole in constant time. Knows how many heap bytes
/// they hold. Does not own them. One thread at a time.
class MessageBatch {
public:
    MessageBatch() noexcept = default;
    MessageBatch(MessageBatch&& other) noexcept { swap(other); }
    MessageBatch& operator=(MessageBatch&& other) noexcept {
        swap(other);
        return *this;
    }

    bool empty() const noexcept { return list_.empty(); }
    std::size_t size() const noexcept { return list_.size(); }
    std::size_t heapBytes() const noexcept { return heapBytes_; }

    /// `heapBytes` is heapBytesOf(message), which every caller already has.
    void push(Message& message, std::size_t heapBytes) noexcept {
        list_.push_front(message);
        heapBytes_ += heapBytes;
    }

    /// Null when empty.
    Message* pop() noexcept {
        if (list_.empty()) return nullptr;
        Message& message = list_.front();
        list_.pop_front();
        heapBytes_ -= heapBytesOf(message);
        return &message;
    }

    /// Moves all of `other` behind the messages of this batch.
    void append(MessageBatch& other) noexcept {
        list_.splice_after(list_.last(), other.list_);
        heapBytes_ += std::exchange(other.heapBytes_, 0);
    }

    void swap(MessageBatch& other) noexcept {
        list_.swap(other.list_);
        std::swap(heapBytes_, other.heapBytes_);
    }

private:
    boost::intrusive::slist<Message, boost::intrusive::base_hook<MessageHook>,
                            boost::intrusive::cache_last<true>, boost::intrusive::constant_time_size<true>>
        list_;
    std::size_t heapBytes_ = 0;
};

}  // namespace tempeh::detail
