#include "transport/context_gate.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

namespace tempeh::transport {

namespace asio = boost::asio;

/// Shut down before the scheduler: a context shuts its services down in reverse order of creation.
class ContextGate::Service final : public asio::execution_context::service {
public:
    using key_type = Service;
    static inline asio::execution_context::id id;

    explicit Service(asio::execution_context& context) : asio::execution_context::service(context) {}

    const std::shared_ptr<ContextGate>& gate() const { return gate_; }

private:
    void shutdown() noexcept override { gate_->close(); }

    const std::shared_ptr<ContextGate> gate_ = std::make_shared<ContextGate>();
};

std::shared_ptr<ContextGate> ContextGate::of(const asio::any_io_executor& executor) {
    asio::execution_context& context = asio::query(executor, asio::execution::context);
    return asio::use_service<Service>(context).gate();
}

void ContextGate::close() noexcept {
    const base::MutexLock lock(mutex_);
    open_ = false;
}

}  // namespace tempeh::transport
