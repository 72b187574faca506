#pragma once

#include "transport/socket_listener.hpp"
#include "transport/uds/socket_file.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tempeh::transport {

/// Listens on a Unix socket: a path or an abstract name. At the end it removes the file if that is still its
/// own.
class UdsListener final : public SocketListener {
public:
    UdsListener(const asio::any_io_executor& executor, const SocketOptions& options);
    ~UdsListener() override { close(); }
    UdsListener(const UdsListener&) = delete;
    UdsListener& operator=(const UdsListener&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    void close() noexcept override;

private:
    std::unique_ptr<Stream> makeStream(StreamSocket socket, const StreamEndpoint& peer) override;
    asio::awaitable<void> openUnix(UdsServerAddress address, error_code& ec);
    void listenAbstract(const std::string& name, error_code& ec);
    asio::awaitable<void> listenPath(std::string path, std::optional<std::uint32_t> mode, error_code& ec);

    SocketFile file_;
    asio::steady_timer retry_;
    bool closed_ = false;
};

}  // namespace tempeh::transport
