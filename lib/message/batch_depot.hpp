#pragma once

#include "message/message_batch.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace tempeh::detail {

/// The shared free list of a pool, kept in batches so that one changes hands without being walked. (Walking
/// it under the lock would fetch every message's cache line from another core.) The pool's mutex protects it.
class BatchDepot {
public:
    /// With 0 there are no batches: one list is enough.
    explicit BatchDepot(std::size_t batchSize) noexcept
        : batchSize_(batchSize != 0 ? batchSize : std::numeric_limits<std::size_t>::max()) {}

    std::size_t size() const noexcept { return size_; }
    std::size_t heapBytes() const noexcept { return heapBytes_; }

    /// After this, no member function below allocates while the depot holds at most `messages`. Throws
    /// std::bad_alloc.
    void reserve(std::size_t messages) {
        const std::size_t wanted = messages / batchSize_ + 2;
        if (wanted > full_.capacity()) full_.reserve(2 * wanted);
    }

    void push(Message& message, std::size_t heapBytes) noexcept {
        open_.push(message, heapBytes);
        ++size_;
        heapBytes_ += heapBytes;
        closeWhenFull();
    }

    /// Null when empty.
    Message* pop() noexcept {
        if (open_.empty() && !full_.empty()) open_ = takeFull();
        const std::size_t before = open_.heapBytes();
        Message* message = open_.pop();
        if (message != nullptr) {
            --size_;
            heapBytes_ -= before - open_.heapBytes();
        }
        return message;
    }

    /// Takes over a batch of any size and leaves `batch` empty.
    void give(MessageBatch& batch) noexcept {
        size_ += batch.size();
        heapBytes_ += batch.heapBytes();
        if (batch.size() >= batchSize_) {
            full_.push_back(std::exchange(batch, MessageBatch()));
        } else {
            open_.append(batch);
            closeWhenFull();
        }
    }

    /// Returns fewer than two batch sizes of messages; an empty batch when there are none.
    MessageBatch take() noexcept {
        MessageBatch batch = full_.empty() ? std::exchange(open_, MessageBatch()) : takeFull();
        size_ -= batch.size();
        heapBytes_ -= batch.heapBytes();
        return batch;
    }

private:
    void closeWhenFull() noexcept {
        if (open_.size() >= batchSize_) full_.push_back(std::exchange(open_, MessageBatch()));
    }
    MessageBatch takeFull() noexcept {
        MessageBatch batch = std::move(full_.back());
        full_.pop_back();
        return batch;
    }

    const std::size_t batchSize_;
    MessageBatch open_;               // less than a batch
    std::vector<MessageBatch> full_;  // a batch or more each
    std::size_t size_ = 0;
    std::size_t heapBytes_ = 0;
};

}  // namespace tempeh::detail
