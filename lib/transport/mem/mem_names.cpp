#include "transport/mem/mem_names.hpp"

#include <utility>

namespace tempeh::transport {

MemNames& MemNames::ofProcess() {
    static auto* const names = new MemNames;
    return *names;
}

std::string MemNames::bind(std::string name, std::size_t backlog,
                           const std::shared_ptr<MemWaiter>& accepter) {
    const base::MutexLock lock(mutex_);
    while (name.empty()) {
        std::string fresh = "new-" + std::to_string(++lastNew_);
        if (!places_.contains(fresh)) name = std::move(fresh);
    }
    const auto [place, isNew] = places_.try_emplace(name);
    if (!isNew) return {};
    place->second.backlog = backlog;
    place->second.accepter = accepter;
    return name;
}

void MemNames::unbind(const std::string& name) noexcept {
    std::deque<std::shared_ptr<MemConnection>> left;
    {
        const base::MutexLock lock(mutex_);
        const auto place = places_.find(name);
        if (place == places_.end()) return;
        left.swap(place->second.waiting);
        places_.erase(place);
    }
    for (const std::shared_ptr<MemConnection>& connection : left)
        connection->close(1);
}

MemNames::Knock MemNames::knock(const std::shared_ptr<MemConnection>& connection) {
    std::shared_ptr<MemWaiter> accepter;
    {
        const base::MutexLock lock(mutex_);
        const auto place = places_.find(connection->name());
        if (place == places_.end()) return Knock::NobodyThere;
        if (place->second.waiting.size() >= place->second.backlog) return Knock::Full;
        place->second.waiting.push_back(connection);
        accepter = place->second.accepter.lock();
    }
    if (accepter != nullptr) accepter->ring();
    return Knock::Heard;
}

std::shared_ptr<MemConnection> MemNames::accept(const std::string& name) {
    const base::MutexLock lock(mutex_);
    const auto place = places_.find(name);
    if (place == places_.end() || place->second.waiting.empty()) return nullptr;
    std::shared_ptr<MemConnection> first = std::move(place->second.waiting.front());
    place->second.waiting.pop_front();
    return first;
}

}  // namespace tempeh::transport
