#pragma once

#include "decode/frame_parser.hpp"
#include "flow/raw_sockets.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace tool {

/// Bytes of one connection, both ways, as they are: what one side ends or resets, the other sees end or be
/// reset. Holds at most two buffers; who reads slowly slows the sender down. Lives as long as either
/// direction does.
class Relay : public std::enable_shared_from_this<Relay> {
public:
    enum class Way : std::uint8_t { ToServer, ToClient };
    /// Sees what is passed on, before it is; that waits until it has seen it.
    using Tap = std::function<asio::awaitable<void>(Way way, std::span<const std::byte> bytes)>;

    Relay(RawSocket client, RawSocket server, Tap tap);

    /// Begins; `onEnd` is called when both directions have ended, with the bytes of each.
    void start(std::function<void(std::uint64_t toServer, std::uint64_t toClient)> onEnd);
    /// Closes both connections.
    void stop() noexcept;

private:
    asio::awaitable<void> pump(std::shared_ptr<Relay> self, Way way);
    void reset() noexcept;
    void onDirectionEnd();

    RawSocket client_;
    RawSocket server_;
    Tap tap_;
    std::function<void(std::uint64_t, std::uint64_t)> onEnd_;
    std::array<std::uint64_t, 2> bytes_{};
    int running_ = 0;
};

}  // namespace tool
