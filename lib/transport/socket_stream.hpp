#pragma once

#include "transport/socket_types.hpp"
#include "transport/stream.hpp"

#include <memory>
#include <utility>

namespace tempeh::transport {

/// A connected stream socket of any family: the part that TCP and Unix sockets share.
class SocketStream : public Stream {
public:
    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept final;
    std::size_t writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept final;
    void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) final;
    asio::awaitable<void> waitReadable(error_code& ec) final;
    asio::awaitable<void> waitWritable(error_code& ec) final;
    void shutdownSend() noexcept final;
    void close() noexcept final;
    std::unique_ptr<DetachedStream> detach() final;
    const StreamInfo& info() const noexcept final { return info_; }

protected:
    /// Describes a connected socket; `peer` is the address connected to, or the one accept() returned.
    using Describe = StreamInfo (*)(StreamSocket& socket, const StreamEndpoint& peer);

    /// Sets writesOnAnyThread: the kernel allows one thread to read while another writes.
    SocketStream(StreamSocket socket, const StreamEndpoint& peer, Describe describe,
                 bool delaysAcknowledgements = false)
        : Stream({.writesOnAnyThread = true, .delaysAcknowledgements = delaysAcknowledgements})
        , socket_(std::move(socket))
        , info_(describe(socket_, peer)) {}
    /// Takes over a detached socket.
    SocketStream(StreamSocket socket, StreamInfo info, const StreamTraits& traits)
        : Stream(traits), socket_(std::move(socket)), info_(std::move(info)) {}

    using Rebuild = std::unique_ptr<Stream> (*)(StreamSocket socket, StreamInfo info,
                                                const StreamTraits& traits);
    /// Returns the function that makes a stream of this kind from a detached socket.
    virtual Rebuild rebuild() const noexcept = 0;

    bool isOpen() const noexcept { return socket_.is_open(); }
    Descriptor descriptor() const noexcept { return const_cast<StreamSocket&>(socket_).native_handle(); }

private:
    class Detached;

    StreamSocket socket_;
    const StreamInfo info_;
};

}  // namespace tempeh::transport
