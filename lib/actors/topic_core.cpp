#include "actors/topic_core.hpp"

#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/system_core.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace tempeh::actors::detail {

bool TopicCore::subscribe(CellRef cell, const MessageOps& ops) {
    const base::MutexLock lock(mutex_);
    const auto isSame = [&](const Subscriber& other) { return other.cell == cell; };
    if (std::any_of(subscribers_.begin(), subscribers_.end(), isSame)) return false;
    subscribers_.push_back({std::move(cell), &ops});
    return true;
}

void TopicCore::unsubscribe(const CellCount& cell) noexcept {
    CellRef gone;  // dropped after the lock
    const base::MutexLock lock(mutex_);
    const auto found = std::find_if(subscribers_.begin(), subscribers_.end(),
                                    [&](const Subscriber& other) { return other.cell.get() == &cell; });
    if (found == subscribers_.end()) return;
    gone = std::move(found->cell);
    subscribers_.erase(found);
}

bool TopicCore::deliverCopy(const Subscriber& to,
                            EnvelopePtr (*make)(const void* value, const MessageOps& ops),
                            const void* value) {
    EnvelopePtr copy;
    try {
        copy = make(value, *to.ops);
    } catch (const std::bad_alloc&) {
        return false;  // the others still get theirs
    }
    return deliver(*to.cell.get(), std::move(copy)) == Errc::Success;
}

Published TopicCore::publish(EnvelopePtr (*make)(const void* value, const MessageOps& ops), const void* value,
                             std::any last) {
    std::vector<Subscriber> subscribers;
    {
        const base::MutexLock lock(mutex_);
        subscribers = subscribers_;
        std::swap(last_, last);
    }
    Published published;
    for (const Subscriber& subscriber : subscribers) {
        if (deliverCopy(subscriber, make, value))
            ++published.delivered;
        else
            ++published.refused;
    }
    return published;
}

std::any TopicCore::last() const {
    const base::MutexLock lock(mutex_);
    return last_;
}

std::size_t TopicCore::size() const noexcept {
    const base::MutexLock lock(mutex_);
    return subscribers_.size();
}

std::shared_ptr<TopicCore> findTopic(SystemCore& system, std::string_view name, const std::type_info& type) {
    return system.topic(name, type);
}

Published publishOn(TopicCore& topic, EnvelopePtr (*make)(const void* value, const MessageOps& ops),
                    const void* value, std::any last) {
    return topic.publish(make, value, std::move(last));
}

void subscribeTo(const std::shared_ptr<TopicCore>& topic, Cell& cell, const MessageOps& ops) {
    auto& topics = cell.extra().topics;
    topics.reserve(topics.size() + 1);
    if (topic->subscribe(CellRef::share(&cell), ops)) topics.push_back(topic);
}

std::any lastOf(const TopicCore& topic) {
    return topic.last();
}

std::size_t subscribersOf(const TopicCore& topic) noexcept {
    return topic.size();
}

}  // namespace tempeh::actors::detail
