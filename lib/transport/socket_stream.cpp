#include "transport/socket_stream.hpp"

#include "transport/descriptor_calls.hpp"
#include "transport/socket_calls.hpp"
#include "transport/waits.hpp"

#include <optional>
#include <utility>

namespace tempeh::transport {

std::size_t SocketStream::readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept {
    if (!socket_.is_open()) {
        ec = asio::error::operation_aborted;
        return 0;
    }
    return receiveOnce(socket_.native_handle(), into, ec);
}

std::size_t SocketStream::writeSome(std::span<const std::span<const std::byte>> from,
                                    error_code& ec) noexcept {
    if (!socket_.is_open()) {
        ec = asio::error::operation_aborted;
        return 0;
    }
    return sendOnce(socket_.native_handle(), from, ec);
}

void SocketStream::startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) {
    // Asio first tries to read, which costs one cheap failed call. Waiting without reading would re-arm the
    // descriptor, which costs more (a tenth of a microsecond and more of a round trip of 14, measured).
    socket_.async_receive(asio::buffer(into.data(), into.size()), std::move(done));
}

asio::awaitable<void> SocketStream::waitReadable(error_code& ec) {
    return waitFor(socket_, asio::socket_base::wait_read, ec);
}

asio::awaitable<void> SocketStream::waitWritable(error_code& ec) {
    return waitFor(socket_, asio::socket_base::wait_write, ec);
}

void SocketStream::shutdownSend() noexcept {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void SocketStream::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

/// A socket without a context: a bare descriptor, closed here unless it is attached.
class SocketStream::Detached final : public DetachedStream {
public:
    Detached(const StreamProtocol& protocol, const StreamInfo& info, const StreamTraits& traits,
             Rebuild rebuild)
        : protocol_(protocol), info_(info), traits_(traits), rebuild_(rebuild) {}
    ~Detached() override {
        if (descriptor_) closeDescriptor(*descriptor_);
    }

    void hold(Descriptor descriptor) noexcept { descriptor_ = descriptor; }

    std::unique_ptr<Stream> attach(const asio::any_io_executor& executor, error_code& ec) override {
        StreamSocket socket(executor);
        socket.assign(protocol_, *descriptor_, ec);
        if (ec) return nullptr;
        descriptor_.reset();
        return rebuild_(std::move(socket), std::move(info_), traits_);
    }

private:
    const StreamProtocol protocol_;
    StreamInfo info_;
    const StreamTraits traits_;
    const Rebuild rebuild_;
    std::optional<Descriptor> descriptor_;
};

std::unique_ptr<DetachedStream> SocketStream::detach() {
    error_code ec;
    const StreamEndpoint local = socket_.local_endpoint(ec);
    if (ec) return nullptr;
    // Allocate everything before the stream changes.
    auto detached = std::make_unique<Detached>(local.protocol(), info_, traits(), rebuild());
    const Descriptor descriptor = socket_.release(ec);
    if (ec) return nullptr;
    detached->hold(descriptor);
    return detached;
}

}  // namespace tempeh::transport
