#pragma once

#include "transport/socket_types.hpp"
#include "transport/transport.hpp"

#include <memory>

namespace tempeh::transport {

/// A connected TCP or Unix socket.
class SocketStream final : public Stream {
public:
    /// `peer` is the address connected to, or the one accept() gave.
    SocketStream(StreamSocket socket, const StreamEndpoint& peer);

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override;
    std::size_t writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept override;
    void startReceive(std::span<std::byte> into, ReceiveOperation::Completion done) override;
    asio::awaitable<void> waitReadable(error_code& ec) override;
    asio::awaitable<void> waitWritable(error_code& ec) override;
    void acknowledgeNow() noexcept override;
    void shutdownSend() noexcept override;
    void close() noexcept override;
    bool hasUnsent() const noexcept override;
    const StreamInfo& info() const noexcept override { return info_; }

private:
    StreamSocket socket_;
    StreamInfo info_;  // constant after construction
};

}  // namespace tempeh::transport
