#pragma once

#include "core/engine.hpp"

#include <boost/asio/execution_context.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace tempeh::core {

/// Tells the engines on a context when it is destroyed, so that no socket or timer of theirs outlives it. An
/// Asio service: the context calls shutdown() before anything of it goes.
class ContextAnchor final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;

    explicit ContextAnchor(boost::asio::execution_context& context) : service(context) {}

    void add(const std::shared_ptr<Engine>& engine) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(engines_, [](const std::weak_ptr<Engine>& known) { return known.expired(); });
        engines_.push_back(engine);
    }

private:
    void shutdown() override {
        const std::scoped_lock lock(mutex_);
        for (const std::weak_ptr<Engine>& known : engines_)
            if (const std::shared_ptr<Engine> engine = known.lock()) engine->releaseContext();
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<Engine>> engines_;
};

}  // namespace tempeh::core
