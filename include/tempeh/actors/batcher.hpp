#pragma once

#include <tempeh/actors/context.hpp>
#include <tempeh/actors/ref.hpp>
#include <tempeh/base/duration.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tempeh::actors {

/// What a Batcher hands on: what it was told, in that order. Never empty.
template <typename T>
struct Batch {
    /// In the order of their arrival.
    std::vector<T> items;
};

/// When a Batcher hands on what it has. As a message to a Batcher: from now on.
struct BatcherOptions {
    std::size_t maxItems = 100;  ///< So many items are a batch. 0 counts as 1.
    /// A batch is handed on so long after its first item, whatever else comes.
    Timeout maxDelay = std::chrono::milliseconds(10);
};

/// To a Batcher: hand on now what there is. Answered when that has been done.
struct Flush {
    /// An acknowledgement: what was gathered has been handed on.
    using Reply = void;
};

/// An actor that gathers messages of type T and tells them to another as Batch<T>: for work that is cheaper
/// in one go, such as writing to a disk or a database.
///
///     Ref<Batcher<Row>> rows = system.spawn<Batcher<Row>>({}, writer, BatcherOptions{.maxItems = 500});
///     rows.tell(Row{...});
///
/// It hands on what it has when it is stopped or restarted. A batch that the other's mailbox has no room for
/// becomes a dead letter, as any message does. Costs one message more for each batch, and one timer.
template <typename T>
class Batcher {
public:
    /// `to` gets the batches.
    Batcher(Context& self, AnyRef<Batch<T>> to, BatcherOptions options = {})
        : self_(self), to_(std::move(to)), options_(options) {}
    Batcher(const Batcher&) = delete;
    Batcher& operator=(const Batcher&) = delete;
    ~Batcher() { flush(); }

    /// One more; hands the batch on when it is full.
    void handle(T item) {
        if (items_.empty()) begin();
        items_.push_back(std::move(item));
        if (items_.size() >= std::max<std::size_t>(options_.maxItems, 1)) flush();
    }
    /// Hands on what there is.
    void handle(Flush) { flush(); }
    /// From the next item on.
    void handle(BatcherOptions options) {
        options_ = options;
        flush();
    }
    /// Of its own timer.
    struct Due {
        /// The batch that it was started for.
        std::uint64_t batch;
    };
    /// The delay after the first item of a batch.
    void handle(Due due) {
        if (due.batch == batch_) flush();
    }

private:
    void begin() {
        items_.reserve(std::min<std::size_t>(options_.maxItems, 1024));
        timer_ = self_.after(options_.maxDelay, Due{batch_});
    }
    void flush() {
        if (items_.empty()) return;
        ++batch_;
        if (timer_) self_.cancel(*std::exchange(timer_, std::nullopt));
        Batch<T> batch{std::exchange(items_, {})};
        to_.tell(std::move(batch));
    }

    Context& self_;
    const AnyRef<Batch<T>> to_;
    BatcherOptions options_;
    std::vector<T> items_;
    std::uint64_t batch_ = 0;  // the number of the one that is being gathered
    std::optional<TimerId> timer_;
};

}  // namespace tempeh::actors
