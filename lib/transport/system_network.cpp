#include "transport/scheme.hpp"
#include "transport/steady_timer.hpp"
#include "transport/transport.hpp"

#include <utility>
#include <vector>

namespace tempeh::transport {

namespace {

/// For addresses whose scheme was never added.
class NoConnector final : public Connector {
public:
    asio::awaitable<std::unique_ptr<Stream>> connect(Address, error_code& ec) override {
        ec = Status::InvalidAddress;
        co_return nullptr;
    }
    void cancel() noexcept override {}
};

class NoListener final : public Listener {
public:
    asio::awaitable<void> open(Address, error_code& ec) override {
        ec = Status::InvalidAddress;
        co_return;
    }
    Address boundAddress() const override { return {}; }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override {
        ec = asio::error::operation_aborted;
        co_return nullptr;
    }
    void close() noexcept override {}
};

class SystemNetwork final : public Network {
public:
    SystemNetwork(asio::any_io_executor executor, const SocketOptions& options)
        : executor_(std::move(executor)), options_(options) {}

    std::unique_ptr<Connector> makeConnector(std::string_view scheme) override {
        if (Provider* const provider = find(scheme)) return provider->makeConnector();
        return std::make_unique<NoConnector>();
    }
    std::unique_ptr<Listener> makeListener(std::string_view scheme) override {
        if (Provider* const provider = find(scheme)) return provider->makeListener();
        return std::make_unique<NoListener>();
    }
    std::unique_ptr<Timer> makeTimer() override { return std::make_unique<SteadyTimer>(executor_); }

private:
    struct Known {
        const Scheme* scheme;
        std::unique_ptr<Provider> provider;
    };

    Provider* find(std::string_view name) {
        for (const Known& known : known_)
            if (known.scheme->name() == name) return known.provider.get();
        const Scheme* const scheme = findTransport(name);
        if (scheme == nullptr) return nullptr;
        known_.push_back({scheme, scheme->make(executor_, options_)});
        return known_.back().provider.get();
    }

    const asio::any_io_executor executor_;
    const SocketOptions options_;
    std::vector<Known> known_;  // the transports this engine has used
};

}  // namespace

std::unique_ptr<Network> makeSystemNetwork(asio::any_io_executor executor, const SocketOptions& options) {
    return std::make_unique<SystemNetwork>(std::move(executor), options);
}

}  // namespace tempeh::transport
