#include "transport/uds/uds_listener.hpp"

#include "transport/socket_calls.hpp"
#include "transport/uds/folder_lock.hpp"
#include "transport/uds/uds_endpoint.hpp"
#include "transport/uds/uds_stream.hpp"
#include "transport/waits.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <boost/asio/error.hpp>

#include <chrono>
#include <utility>
#include <variant>

namespace tempeh::transport {

UdsListener::UdsListener(const asio::any_io_executor& executor, const SocketOptions& options)
    : SocketListener(executor, options), retry_(executor) {}

asio::awaitable<void> UdsListener::open(Address address, error_code& ec) {
    ec.clear();
    auto* const uds = std::get_if<UdsServerAddress>(&address);
    if (uds == nullptr) ec = Status::WrongAddress;
    if (closed_) ec = asio::error::operation_aborted;
    if (!ec) co_await openUnix(std::move(*uds), ec);
}

asio::awaitable<void> UdsListener::openUnix(UdsServerAddress address, error_code& ec) {
    constexpr int freshPathAttempts = 8;
    if (isAbstractName(address.path)) {
        listenAbstract(address.path, ec);
    } else if (!address.path.empty()) {
        co_await listenPath(address.path, address.mode, ec);
    } else {
        for (int attempt = 0; attempt < freshPathAttempts; ++attempt) {
            address.path = temporaryUdsPath();
            co_await listenPath(address.path, address.mode, ec);
            if (ec != asio::error::address_in_use) break;
        }
    }
    if (!ec) setBound(std::move(address));
}

void UdsListener::listenAbstract(const std::string& name, error_code& ec) {
    const StreamEndpoint endpoint = unixEndpoint(name, ec);
    if (!ec) openSocket(acceptor(), endpoint, ec);
    if (ec) return;
    applyBufferSizes(acceptor(), options());
    acceptor().bind(endpoint, ec);
    if (!ec) acceptor().listen(options().backlog, ec);
    if (ec) closeAcceptor();
}

asio::awaitable<void> UdsListener::listenPath(std::string path, std::optional<std::uint32_t> mode,
                                              error_code& ec) {
    using namespace std::chrono_literals;
    // Other servers hold the lock for microseconds. A process that keeps it longer must not prevent servers
    // from starting: the path is then bound without the lock, and a stale file there is an error.
    constexpr int lockAttempts = 400;
    constexpr auto lockPause = 5ms;

    const StreamEndpoint endpoint = unixEndpoint(path, ec);
    if (ec) co_return;
    FolderLock lock;
    for (int attempt = 0; attempt < lockAttempts; ++attempt) {
        lock.tryLock(path, ec);
        if (ec != asio::error::would_block) break;
        retry_.expires_after(lockPause);
        co_await waitFor(retry_, ec);
        if (closed_) ec = asio::error::operation_aborted;
        if (ec) co_return;
    }
    openSocket(acceptor(), endpoint, ec);
    if (ec) co_return;
    applyBufferSizes(acceptor(), options());
    file_.bindAndListen(acceptor(), path, mode, options().backlog, lock.isLocked(), ec);
    if (ec) closeAcceptor();
}

std::unique_ptr<Stream> UdsListener::makeStream(StreamSocket socket, const StreamEndpoint& peer) {
    applyBufferSizes(socket, options());
    return std::make_unique<UdsStream>(std::move(socket), peer);
}

void UdsListener::close() noexcept {
    closed_ = true;
    retry_.cancel();
    file_.remove();
    closeAcceptor();
}

}  // namespace tempeh::transport
