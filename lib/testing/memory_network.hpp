#pragma once

#include "testing/memory_connector.hpp"
#include "testing/memory_listener.hpp"
#include "testing/memory_timer.hpp"
#include "testing/world.hpp"
#include "transport/transport.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::testing::detail {

/// The network as seen by one host of a World, for an engine on `executor`.
class MemoryNetwork final : public transport::Network {
public:
    MemoryNetwork(World& world, const std::string& host, asio::any_io_executor executor)
        : world_(world), host_(world.hostOf(host)), executor_(std::move(executor)) {}

    std::unique_ptr<transport::Connector> makeConnector(std::string_view) override {
        return std::make_unique<MemoryConnector>(world_, host_, executor_);
    }
    std::unique_ptr<transport::Listener> makeListener(std::string_view) override {
        return std::make_unique<MemoryListener>(world_, host_, executor_);
    }
    std::unique_ptr<transport::Timer> makeTimer() override {
        return std::make_unique<MemoryTimer>(world_, executor_);
    }

private:
    World& world_;
    const HostId host_;
    const asio::any_io_executor executor_;
};

}  // namespace tempeh::testing::detail
