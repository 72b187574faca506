#include "transport/socket_calls.hpp"

#include "transport/descriptor_calls.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>

namespace tempeh::transport {

namespace {

constexpr std::size_t maxVectors = 64;

error_code lastError() noexcept {
    const int code = ::WSAGetLastError();
    if (code == WSAEWOULDBLOCK) return asio::error::would_block;
    return {code, asio::error::get_system_category()};
}

/// Makes the descriptor non-blocking and not inherited.
void prepareDescriptor(SOCKET descriptor, error_code& ec) noexcept {
    u_long on = 1;
    ec.clear();
    if (::ioctlsocket(descriptor, static_cast<long>(FIONBIO), &on) != 0) ec = lastError();
    ::SetHandleInformation(reinterpret_cast<HANDLE>(descriptor), HANDLE_FLAG_INHERIT, 0);
    if (ec) ::closesocket(descriptor);
}

/// Converts spans to the system's vectors.
class Vectors {
public:
    template <typename Byte>
    explicit Vectors(std::span<const std::span<Byte>> spans) noexcept
        : size_(std::min(spans.size(), maxVectors)) {
        for (std::size_t i = 0; i < size_; ++i) {
            vectors_[i].buf = reinterpret_cast<char*>(const_cast<std::byte*>(spans[i].data()));
            vectors_[i].len = static_cast<ULONG>(spans[i].size());
        }
    }
    WSABUF* data() noexcept { return vectors_.data(); }
    DWORD size() const noexcept { return static_cast<DWORD>(size_); }
    bool isEmpty() const noexcept {
        return std::all_of(vectors_.begin(), vectors_.begin() + static_cast<std::ptrdiff_t>(size_),
                           [](const WSABUF& vector) { return vector.len == 0; });
    }

private:
    std::array<WSABUF, maxVectors> vectors_;
    std::size_t size_;
};

}  // namespace

Descriptor makeDescriptor(int family, error_code& ec) noexcept {
    const SOCKET descriptor = ::WSASocketW(family, SOCK_STREAM, 0, nullptr, 0, WSA_FLAG_OVERLAPPED);
    if (descriptor == INVALID_SOCKET)
        ec = lastError();
    else
        prepareDescriptor(descriptor, ec);
    return descriptor;
}

Descriptor acceptDescriptor(Descriptor listener, StreamEndpoint& peer, error_code& ec) {
    auto size = static_cast<int>(peer.capacity());
    const SOCKET descriptor = ::accept(listener, peer.data(), &size);
    if (descriptor == INVALID_SOCKET) {
        ec = lastError();
        return descriptor;
    }
    prepareDescriptor(descriptor, ec);
    peer.resize(static_cast<std::size_t>(size));
    return descriptor;
}

void closeDescriptor(Descriptor descriptor) noexcept {
    ::closesocket(descriptor);
}

// On Windows a port is free as soon as its listener is closed; SO_REUSEADDR would let any process take a port
// that is in use.
void allowQuickRebind(Descriptor listener, error_code& ec) noexcept {
    const BOOL on = TRUE;
    ec.clear();
    if (::setsockopt(listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&on),
                     sizeof on) != 0)
        ec = lastError();
}

void allowSharedPort(Descriptor, error_code& ec) noexcept {
    ec = asio::error::operation_not_supported;
}

void connectOnce(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) noexcept {
    ec.clear();
    if (::connect(socket.native_handle(), endpoint.data(), static_cast<int>(endpoint.size())) != 0)
        ec = lastError();
}

std::size_t receiveOnce(Descriptor descriptor, std::span<const std::span<std::byte>> into,
                        error_code& ec) noexcept {
    Vectors vectors(into);
    DWORD count = 0;
    DWORD flags = 0;
    ec.clear();
    if (::WSARecv(descriptor, vectors.data(), vectors.size(), &count, &flags, nullptr, nullptr) != 0) {
        ec = lastError();
        return 0;
    }
    if (count == 0 && !vectors.isEmpty()) ec = asio::error::eof;
    return count;
}

std::size_t sendOnce(Descriptor descriptor, std::span<const std::span<const std::byte>> from,
                     error_code& ec) noexcept {
    Vectors vectors(from);
    DWORD count = 0;
    ec.clear();
    if (::WSASend(descriptor, vectors.data(), vectors.size(), &count, 0, nullptr, nullptr) != 0) {
        ec = lastError();
        return 0;
    }
    return count;
}

void applyKeepAlive(Descriptor descriptor, const SocketOptions& options) noexcept {
    const BOOL on = TRUE;
    if (options.keepAlive)
        ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, reinterpret_cast<const char*>(&on), sizeof on);
}

void bindToInterface(Descriptor, const std::string&, error_code& ec) noexcept {
    ec = asio::error::operation_not_supported;
}

void choosePortLate(Descriptor) noexcept {}

void sendAcknowledgement(Descriptor) noexcept {}

std::size_t unsentBytes(Descriptor) noexcept {
    return 0;
}

}  // namespace tempeh::transport
