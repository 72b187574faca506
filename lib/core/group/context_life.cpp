#include <tempeh/core/detail/context_life.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace tempeh::detail {

/// Shut down before the scheduler: a context shuts its services down in reverse order of creation.
class ContextLife::Service final : public asio::execution_context::service {
public:
    using key_type = Service;
    static inline asio::execution_context::id id;

    explicit Service(asio::execution_context& context)
        : asio::execution_context::service(context), life_(std::make_shared<ContextLife>(context)) {}

    const std::shared_ptr<ContextLife>& life() const noexcept { return life_; }

private:
    void shutdown() noexcept override { life_->end(); }

    const std::shared_ptr<ContextLife> life_;
};

std::shared_ptr<ContextLife> ContextLife::of(asio::execution_context& context) {
    return asio::use_service<Service>(context).life();
}

void ContextLife::add(const std::shared_ptr<ContextDependent>& dependent) {
    const base::MutexLock lock(mutex_);
    if (dependents_.size() >= pruneAt_) {
        std::erase_if(dependents_, [](const auto& known) { return known.second.expired(); });
        pruneAt_ = std::max<std::size_t>(2 * dependents_.size(), 16);
    }
    dependents_[dependent.get()] = dependent;
}

/// Threads that entered before a dependent was notified may still be using it, and they keep neither the
/// context nor this object alive: the last wait is for them. No thread can enter after that, as no dependent
/// refers to this object any more.
void ContextLife::end() noexcept {
    isGone_.store(true);
    waitForThoseUnderWay();
    std::map<ContextDependent*, std::weak_ptr<ContextDependent>> dependents;
    {
        const base::MutexLock lock(mutex_);
        dependents.swap(dependents_);
    }
    for (const auto& [address, known] : dependents)
        if (const std::shared_ptr<ContextDependent> dependent = known.lock()) dependent->onContextGone(*this);
    waitForThoseUnderWay();
}

void ContextLife::waitForThoseUnderWay() const noexcept {
    while (underWay_.load() != 0)
        std::this_thread::yield();
}

}  // namespace tempeh::detail
