#pragma once

#include "testing/pipe.hpp"
#include "testing/wake.hpp"
#include "testing/world.hpp"
#include "transport/transport.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace tempeh::testing::detail {

/// A connection between two hosts, as their kernels see it. Side 0 connected, side 1 accepted.
class Connection final : public std::enable_shared_from_this<Connection> {
public:
    struct Party {
        HostId host;
        asio::any_io_executor executor;
        transport::StreamInfo info;
    };

    /// Each party's `executor` may be set later, before its Stream is used.
    static std::shared_ptr<Connection> make(World& world, Party client, Party server);
    Connection(World& world, Party client, Party server);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // The operations of a Stream, for one side.
    std::size_t read(std::size_t side, std::span<const std::span<std::byte>> into, error_code& ec) noexcept;
    std::size_t write(std::size_t side, std::span<const std::span<const std::byte>> from,
                      error_code& ec) noexcept;
    void startReceive(std::size_t side, std::span<std::byte> into,
                      transport::AwaitedOperation::Completion done);
    void startWaitReadable(std::size_t side, Wake wake);
    void startWaitWritable(std::size_t side, Wake wake);
    void shutdownSend(std::size_t side) noexcept;
    void close(std::size_t side) noexcept;
    bool hasUnsent(std::size_t side) const noexcept;
    /// A TCP kernel drops data in flight when the connection is reset, and delays acknowledgements. Otherwise
    /// this is a Unix socket.
    bool isTcp() const noexcept { return ends_[0].party.info.transport == Transport::Tcp; }
    bool isOpen(std::size_t side) const noexcept { return ends_[side].isOpen; }
    const transport::StreamInfo& info(std::size_t side) const noexcept { return ends_[side].party.info; }

    void onHealed();
    void onCrash(HostId host);

private:
    struct End {
        explicit End(Party itsParty) : party(std::move(itsParty)) {}

        Party party;
        bool isOpen = true;
        error_code error;  // the connection is lost; data that arrived before can still be read
        bool isResetHeldUp = false;
        TimePoint writableFrom{};
        std::optional<Wake> reader;
        std::optional<transport::AwaitedOperation::Completion> receiver;
        std::span<std::byte> into;
        std::optional<Wake> writer;
    };

    static constexpr std::size_t other(std::size_t side) noexcept { return 1 - side; }
    std::uint64_t name(std::size_t side) const noexcept { return id_ * 2 + side; }
    TimePoint now() noexcept { return world_.timeline().now(); }
    Pipe& incoming(std::size_t side) noexcept { return pipes_[other(side)]; }
    bool isHeldUp() const noexcept;
    bool isReadable(std::size_t side) noexcept;
    bool isWritable(std::size_t side) noexcept;

    std::size_t writableBytes(std::size_t side, std::size_t offered, error_code& ec) noexcept;
    void send(std::size_t side, std::vector<std::byte> bytes);
    void mayFail();
    void scheduleArrival(std::size_t from, TimePoint when);
    void arrive(std::size_t from);
    void sendReset(std::size_t side, Duration delay);
    void onReset(std::size_t side);
    void tellReader(std::size_t side);
    void tellWriter(std::size_t side);
    void abortWaits(std::size_t side);
    static void post(const asio::any_io_executor& executor, std::optional<Wake>& wake, const error_code& ec);

    World& world_;
    const std::uint64_t id_;
    std::array<End, 2> ends_;
    std::array<Pipe, 2> pipes_;  // [i]: from side i
    bool isSilent_ = false;      // half-open: nothing arrives any more
};

}  // namespace tempeh::testing::detail
