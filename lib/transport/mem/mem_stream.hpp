#pragma once

#include "transport/mem/mem_end.hpp"
#include "transport/stream.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace tempeh::transport {

/// One end of a connection in memory.
class MemStream final : public Stream {
public:
    MemStream(std::shared_ptr<MemConnection> connection, std::size_t side,
              const asio::any_io_executor& executor);
    ~MemStream() override;
    MemStream(const MemStream&) = delete;
    MemStream& operator=(const MemStream&) = delete;

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override;
    std::size_t writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept override;
    void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) override;
    asio::awaitable<void> waitReadable(error_code& ec) override;
    asio::awaitable<void> waitWritable(error_code& ec) override;
    void shutdownSend() noexcept override;
    void close() noexcept override;
    /// Always false: what was written is in the peer's memory.
    bool hasUnsent() const noexcept override { return false; }
    std::unique_ptr<DetachedStream> detach() override;
    const StreamInfo& info() const noexcept override { return info_; }

private:
    class Detached;

    void letGo() noexcept;

    std::shared_ptr<MemEnd> end_;  // null: detached
    StreamInfo info_;
};

}  // namespace tempeh::transport
