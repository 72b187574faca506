#pragma once

#include "testing/connection.hpp"
#include "transport/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace tempeh::testing::detail {

/// One side of a Connection.
class MemoryStream final : public transport::Stream {
public:
    MemoryStream(std::shared_ptr<Connection> connection, std::size_t side) noexcept
        : Stream({.writesOnAnyThread = true, .delaysAcknowledgements = connection->isTcp()})
        , connection_(std::move(connection))
        , side_(side) {}
    ~MemoryStream() override {
        if (connection_ != nullptr) connection_->close(side_);
    }

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        return connection_->read(side_, into, ec);
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        return connection_->write(side_, from, ec);
    }
    void startReceive(std::span<std::byte> into, transport::AwaitedOperation::Completion done) override {
        connection_->startReceive(side_, into, std::move(done));
    }
    asio::awaitable<void> waitReadable(error_code& ec) override {
        Sleep sleep;
        auto waiting = sleep.wait([&](Wake wake) { connection_->startWaitReadable(side_, std::move(wake)); });
        co_await std::move(waiting);
        ec = sleep.ec;
    }
    asio::awaitable<void> waitWritable(error_code& ec) override {
        Sleep sleep;
        auto waiting = sleep.wait([&](Wake wake) { connection_->startWaitWritable(side_, std::move(wake)); });
        co_await std::move(waiting);
        ec = sleep.ec;
    }
    void shutdownSend() noexcept override { connection_->shutdownSend(side_); }
    void close() noexcept override { connection_->close(side_); }
    bool hasUnsent() const noexcept override { return connection_->hasUnsent(side_); }
    std::unique_ptr<transport::DetachedStream> detach() override { return std::make_unique<Detached>(*this); }
    const transport::StreamInfo& info() const noexcept override { return connection_->info(side_); }
    std::string peerIdentity() const override {
        return info().peerAddress.substr(0, info().peerAddress.rfind('|'));
    }

private:
    /// All engines of a simulation share one context.
    class Detached final : public transport::DetachedStream {
    public:
        explicit Detached(MemoryStream& stream) noexcept
            : connection_(std::move(stream.connection_)), side_(stream.side_) {}
        ~Detached() override {
            if (connection_ != nullptr) connection_->close(side_);
        }
        std::unique_ptr<transport::Stream> attach(const asio::any_io_executor&, error_code& ec) override {
            ec.clear();
            auto stream = std::make_unique<MemoryStream>(connection_, side_);
            connection_.reset();
            return stream;
        }

    private:
        std::shared_ptr<Connection> connection_;
        const std::size_t side_;
    };

    std::shared_ptr<Connection> connection_;
    const std::size_t side_;
};

}  // namespace tempeh::testing::detail
