#pragma once

#include <tempeh/actors/context.hpp>
#include <tempeh/actors/detail/handlers.hpp>

#include <any>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace tempeh::actors {

/// How publishing went.
struct Published {
    std::size_t delivered = 0;  ///< Subscribers that took it.
    std::size_t refused = 0;    ///< Subscribers whose mailbox was full.
};

namespace detail {

class TopicCore;

/// Made on first use. Throws Error(Refused) when the name is that of a topic of another type.
TEMPEH_ACTORS_EXPORT std::shared_ptr<TopicCore> findTopic(SystemCore& system, std::string_view name,
                                                          const std::type_info& type);
/// Sends everybody an envelope that `make` makes, and keeps `last` for late subscribers.
TEMPEH_ACTORS_EXPORT Published publishOn(TopicCore& topic,
                                         EnvelopePtr (*make)(const void* value, const MessageOps& ops),
                                         const void* value, std::any last);
TEMPEH_ACTORS_EXPORT void subscribeTo(const std::shared_ptr<TopicCore>& topic, Cell& cell,
                                      const MessageOps& ops);
TEMPEH_ACTORS_EXPORT std::any lastOf(const TopicCore& topic);
TEMPEH_ACTORS_EXPORT std::size_t subscribersOf(const TopicCore& topic) noexcept;

}  // namespace detail

/// Something that actors publish and subscribe to (Context::subscribe). A handle: copyable, any thread.
template <typename T>
class Topic {
public:
    /// As System::topic().
    explicit Topic(std::shared_ptr<detail::TopicCore> core) noexcept : core_(std::move(core)) {}

    /// Sends every subscriber a copy of `value`. Never waits. Costs a lock and a message for each subscriber.
    Published publish(const T& value) const {
        return detail::publishOn(
            *core_,
            [](const void* copied, const detail::MessageOps& ops) {
                return detail::makeEnvelope<T>(ops, *static_cast<const T*>(copied));
            },
            &value, std::any(value));
    }
    std::size_t subscribers() const noexcept { return detail::subscribersOf(*core_); }

private:
    std::shared_ptr<detail::TopicCore> core_;
};

template <typename T>
void Context::subscribe(std::string_view topic, bool withLast) {
    const detail::MessageOps& ops = detail::handlerFor(cell_, typeid(T), detail::typeName<T>());
    const std::shared_ptr<detail::TopicCore> core =
        detail::findTopic(detail::systemOf(cell_), topic, typeid(T));
    detail::subscribeTo(core, cell_, ops);
    if (!withLast) return;
    const std::any last = detail::lastOf(*core);
    if (const T* value = std::any_cast<T>(&last))
        detail::deliver(*detail::selfOf(cell_).get(), detail::makeEnvelope<T>(ops, *value));
}

}  // namespace tempeh::actors
