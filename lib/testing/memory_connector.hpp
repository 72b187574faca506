#pragma once

#include "testing/connection.hpp"
#include "testing/wake.hpp"
#include "testing/world.hpp"
#include "transport/transport.hpp"

#include <memory>
#include <optional>

namespace tempeh::testing::detail {

/// One attempt to connect.
class MemoryConnector final : public transport::Connector {
public:
    MemoryConnector(World& world, HostId host, asio::any_io_executor executor);
    ~MemoryConnector() override;

    asio::awaitable<std::unique_ptr<transport::Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override;
    Status statusOf(const error_code& ec) const noexcept override;

private:
    /// The part of the connector that later events need after its destruction.
    struct Attempt;
    static void knock(const std::shared_ptr<Attempt>& attempt);
    static void end(Attempt& attempt, const error_code& ec);

    const std::shared_ptr<Attempt> attempt_;
};

}  // namespace tempeh::testing::detail
