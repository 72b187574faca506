#pragma once

#include "transport/stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tempeh::test {

namespace asio = boost::asio;

/// One end of a connection in memory; the test carries the bytes. One thread.
class MemoryStream final : public transport::Stream {
public:
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        std::size_t total = 0;
        for (const std::span<std::byte> part : into) {
            const std::size_t size = std::min({part.size(), arrived.size() - taken, atOnce});
            if (size != 0) std::memcpy(part.data(), arrived.data() + taken, size);
            taken += size;
            total += size;
        }
        ec.clear();
        if (total == 0) ec = end ? end : error_code(asio::error::would_block);
        return total;
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        ec = writeError;
        std::size_t total = 0;
        for (const std::span<const std::byte> part : from) {
            const std::size_t size = ec ? 0 : std::min(part.size(), room);
            sent.insert(sent.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
            room -= size;
            total += size;
        }
        if (total == 0 && !ec) ec = asio::error::would_block;
        return total;
    }
    void startReceive(std::span<std::byte>, transport::AwaitedOperation::Completion) override {}
    asio::awaitable<void> waitReadable(error_code&) override { co_return; }
    asio::awaitable<void> waitWritable(error_code&) override { co_return; }
    void shutdownSend() noexcept override {}
    void close() noexcept override {}
    bool hasUnsent() const noexcept override { return false; }
    const transport::StreamInfo& info() const noexcept override { return info_; }

    std::vector<std::byte> arrived;
    std::size_t taken = 0;          ///< Of what has arrived.
    std::size_t atOnce = SIZE_MAX;  ///< As much is read at most.
    error_code end;                 ///< Behind what has arrived.
    std::vector<std::byte> sent;
    std::size_t room = SIZE_MAX;  ///< As much can be written yet.
    error_code writeError;        ///< What writing fails with.

private:
    transport::StreamInfo info_;
};

}  // namespace tempeh::test
