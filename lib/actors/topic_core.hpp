#pragma once

#include <tempeh/actors/detail/cell_ref.hpp>
#include <tempeh/actors/topic.hpp>
#include <tempeh/base/detail/mutex.hpp>

#include <any>
#include <cstddef>
#include <typeinfo>
#include <vector>

namespace tempeh::actors::detail {

/// The subscribers of one topic, in the order of their subscriptions. Any thread.
class TopicCore {
public:
    explicit TopicCore(const std::type_info& type) noexcept : type_(type) {}
    TopicCore(const TopicCore&) = delete;
    TopicCore& operator=(const TopicCore&) = delete;

    const std::type_info& type() const noexcept { return type_; }
    /// False: it is subscribed already.
    bool subscribe(CellRef cell, const MessageOps& ops);
    void unsubscribe(const CellCount& cell) noexcept;
    Published publish(EnvelopePtr (*make)(const void* value, const MessageOps& ops), const void* value,
                      std::any last);
    std::any last() const;
    std::size_t size() const noexcept;

private:
    struct Subscriber {
        CellRef cell;
        const MessageOps* ops;
    };
    /// False: it was not taken.
    static bool deliverCopy(const Subscriber& to,
                            EnvelopePtr (*make)(const void* value, const MessageOps& ops), const void* value);

    const std::type_info& type_;
    mutable base::Mutex mutex_;
    std::vector<Subscriber> subscribers_ TEMPEH_GUARDED_BY(mutex_);
    std::any last_ TEMPEH_GUARDED_BY(mutex_);
};

}  // namespace tempeh::actors::detail
