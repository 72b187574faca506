#pragma once

#include "testing/connection.hpp"
#include "testing/wake.hpp"
#include "testing/world.hpp"
#include "transport/transport.hpp"

#include <deque>
#include <memory>
#include <optional>

namespace tempeh::testing::detail {

/// Listens on a port or path of one host.
class MemoryListener final : public transport::Listener {
public:
    MemoryListener(World& world, HostId host, asio::any_io_executor executor)
        : world_(world), host_(host), executor_(std::move(executor)) {}
    ~MemoryListener() override { close(); }

    asio::awaitable<void> open(Address address, error_code& ec) override;
    Address boundAddress() const override { return bound_; }
    asio::awaitable<std::unique_ptr<transport::Stream>> accept(error_code& ec) override;
    void close() noexcept override;

    // Called by the connector.

    bool hasRoom() const noexcept { return pending_.size() < backlog; }
    HostId host() const noexcept { return host_; }
    const asio::any_io_executor& executor() const noexcept { return executor_; }
    void add(std::shared_ptr<Connection> connection);

private:
    static constexpr std::size_t backlog = 128;

    World& world_;
    const HostId host_;
    const asio::any_io_executor executor_;
    Address bound_;
    bool isOpen_ = false;
    bool isClosed_ = false;
    std::deque<std::shared_ptr<Connection>> pending_;
    std::optional<Wake> accepter_;
};

}  // namespace tempeh::testing::detail
