#pragma once

#include "tls/session.hpp"
#include "transport/stream.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::tls {

namespace asio = boost::asio;

/// A TLS connection over another stream. A client's comes out of its connector established; a server's does
/// the handshake while it is read for the first time, so that the limits on silent clients (time, number, who
/// goes first) are the same as without TLS. No memory is allocated for what it carries.
class TlsStream final : public transport::Stream {
public:
    /// Of a client, established.
    TlsStream(std::unique_ptr<transport::Stream> carrier, std::unique_ptr<Session> session,
              const asio::any_io_executor& executor);
    /// Of a server, as it was accepted.
    TlsStream(std::unique_ptr<transport::Stream> carrier, std::shared_ptr<const Material> material,
              const asio::any_io_executor& executor);
    ~TlsStream() override;

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override;
    std::size_t writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept override;
    void startReceive(std::span<std::byte> into, transport::AwaitedOperation::Completion done) override;
    asio::awaitable<void> waitReadable(error_code& ec) override;
    asio::awaitable<void> waitWritable(error_code& ec) override;
    void acknowledgeNow() noexcept override { carrier_->acknowledgeNow(); }
    void shutdownSend() noexcept override;
    void close() noexcept override;
    bool hasUnsent() const noexcept override { return carrier_->hasUnsent(); }
    std::unique_ptr<transport::DetachedStream> detach() override;
    const transport::StreamInfo& info() const noexcept override { return info_; }
    std::string peerIdentity() const override { return carrier_->peerIdentity(); }

private:
    using Completion = transport::AwaitedOperation::Completion;
    class Arrival;
    class Detached;

    void awaitInput(std::span<std::byte> into, Completion done);
    void onInput(std::span<std::byte> into, Completion done);
    void readLater(std::span<std::byte> into, Completion done);
    asio::awaitable<void> readWhenWritable(std::span<std::byte> into, Completion done);
    std::size_t readInto(std::span<std::byte> into, error_code& ec) noexcept;
    void identify() noexcept;

    const std::unique_ptr<transport::Stream> carrier_;
    const std::shared_ptr<const Material> material_;  // servers', for detach()
    const std::unique_ptr<Session> session_;
    const asio::any_io_executor executor_;
    transport::StreamInfo info_;
    // Of the carrier. Shared with the handler, since the stream may go while its context still has it.
    const std::shared_ptr<transport::AwaitedOperation> receive_ =
        std::make_shared<transport::AwaitedOperation>();
    bool hasMore_ = false;     // read() has something although the carrier may have nothing
    bool isStarting_ = false;  // startReceive() is on the stack
    bool isClosed_ = false;
    bool owesEnd_ = false;  // shutdownSend() could not write its close_notify yet
};

}  // namespace tempeh::tls
