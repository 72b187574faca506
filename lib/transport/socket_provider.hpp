#pragma once

#include "transport/scheme.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::transport {

/// For a transport whose connectors and listeners need only an executor and SocketOptions, and share no
/// state.
template <typename ItsConnector, typename ItsListener>
class SocketProvider final : public Provider {
public:
    SocketProvider(const asio::any_io_executor& executor, const SocketOptions& options)
        : executor_(executor), options_(options) {}

    std::unique_ptr<Connector> makeConnector() override {
        return std::make_unique<ItsConnector>(executor_, options_);
    }
    std::unique_ptr<Listener> makeListener() override {
        return std::make_unique<ItsListener>(executor_, options_);
    }

    /// Matches Scheme::Make.
    static std::unique_ptr<Provider> make(const asio::any_io_executor& executor,
                                          const SocketOptions& options) {
        return std::make_unique<SocketProvider>(executor, options);
    }

private:
    const asio::any_io_executor executor_;
    const SocketOptions options_;
};

}  // namespace tempeh::transport
