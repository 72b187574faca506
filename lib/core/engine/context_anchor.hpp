#pragma once

#include "core/engine/engine.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/execution_context.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace tempeh::core {

/// Notifies the engines on a context before it is destroyed, so that none of their sockets or timers outlives
/// it. An Asio service: the context calls shutdown() before it destroys anything.
class ContextAnchor final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;

    explicit ContextAnchor(boost::asio::execution_context& context) : service(context) {}

    void add(const std::shared_ptr<Engine>& engine) {
        const base::MutexLock lock(mutex_);
        std::erase_if(engines_, [](const std::weak_ptr<Engine>& known) { return known.expired(); });
        engines_.push_back(engine);
    }

private:
    void shutdown() override {
        const base::MutexLock lock(mutex_);
        for (const std::weak_ptr<Engine>& known : engines_)
            if (const std::shared_ptr<Engine> engine = known.lock()) engine->life().releaseContext();
    }

    base::Mutex mutex_;
    std::vector<std::weak_ptr<Engine>> engines_ TEMPEH_GUARDED_BY(mutex_);
};

}  // namespace tempeh::core
