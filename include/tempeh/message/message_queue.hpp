#pragma once

#include <tempeh/message/message.hpp>

#include <boost/intrusive/slist.hpp>

#include <cstddef>
#include <utility>

namespace tempeh {

/// A first-in, first-out queue that owns its messages and gives them back when destroyed. Never allocates.
/// Every operation except clear() takes constant time. One thread at a time.
class MessageQueue {
public:
    MessageQueue() noexcept = default;
    /// Takes over the other queue's messages.
    MessageQueue(MessageQueue&& other) noexcept { append(other); }
    /// Clears this queue and takes over the other's messages.
    MessageQueue& operator=(MessageQueue&& other) noexcept {
        if (this != &other) {
            clear();
            append(other);
        }
        return *this;
    }
    ~MessageQueue() { clear(); }

    /// As in a standard container.
    bool empty() const noexcept { return list_.empty(); }
    std::size_t size() const noexcept { return list_.size(); }

    /// Adds a message at the end. Ignores a null one.
    void pushBack(MessagePtr message) noexcept {
        if (message) list_.push_back(*message.release());
    }
    /// The same at the front.
    void pushFront(MessagePtr message) noexcept {
        if (message) list_.push_front(*message.release());
    }

    /// Takes the first message; null when empty.
    MessagePtr popFront() noexcept {
        if (list_.empty()) return nullptr;
        Message* message = &list_.front();
        list_.pop_front();
        return MessagePtr(message);
    }
    /// The first message without taking it; null when empty.
    Message* front() noexcept { return list_.empty() ? nullptr : &list_.front(); }
    const Message* front() const noexcept { return list_.empty() ? nullptr : &list_.front(); }

    /// Moves all of `other`'s messages behind this queue's. For `other` being this queue it does nothing.
    void append(MessageQueue& other) noexcept {
        if (this != &other) list_.splice_after(list_.last(), other.list_);
    }
    void append(MessageQueue&& other) noexcept { append(other); }

    /// Gives all messages back.
    void clear() noexcept {
        while (popFront()) {
        }
    }

    /// Iterates over the messages, first to last. Valid until that message is taken.
    auto begin() noexcept { return list_.begin(); }
    auto end() noexcept { return list_.end(); }
    auto begin() const noexcept { return list_.begin(); }
    auto end() const noexcept { return list_.end(); }

private:
    boost::intrusive::slist<Message, boost::intrusive::base_hook<detail::MessageHook>,
                            boost::intrusive::cache_last<true>, boost::intrusive::constant_time_size<true>>
        list_;
};

}  // namespace tempeh
