#pragma once

#include "transport/awaited_operation.hpp"
#include "transport/mem/mem_connection.hpp"
#include "transport/mem/mem_waiter.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace tempeh::transport {

/// The waits of one end of a connection in memory, on its executor.
class MemEnd final : public MemWaiter {
public:
    using Completion = AwaitedOperation::Completion;

    MemEnd(std::shared_ptr<MemConnection> connection, std::size_t side,
           const boost::asio::any_io_executor& executor)
        : MemWaiter(executor), connection_(std::move(connection)), side_(side) {}

    MemConnection& connection() noexcept { return *connection_; }
    const std::shared_ptr<MemConnection>& shareConnection() const noexcept { return connection_; }
    std::size_t side() const noexcept { return side_; }

    /// `into` empty: only waits.
    void awaitInput(std::span<std::byte> into, Completion done);
    void awaitRoom(Completion done);
    void abort() noexcept override;

private:
    void look() override;

    const std::shared_ptr<MemConnection> connection_;
    const std::size_t side_;
    std::span<std::byte> into_;
    std::optional<Completion> reader_;
    std::optional<Completion> writer_;
};

}  // namespace tempeh::transport
