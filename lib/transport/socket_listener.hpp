#pragma once

#include "transport/listener.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace tempeh::transport {

/// A listening stream socket, whatever its family: what TCP and Unix sockets have in common.
class SocketListener : public Listener {
public:
    Address boundAddress() const final { return bound_; }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) final;

protected:
    SocketListener(const asio::any_io_executor& executor, const SocketOptions& options)
        : options_(options), acceptor_(executor) {}

    /// Of a connection just accepted.
    virtual std::unique_ptr<Stream> makeStream(StreamSocket socket, const StreamEndpoint& peer) = 0;

    const SocketOptions& options() const noexcept { return options_; }
    StreamAcceptor& acceptor() noexcept { return acceptor_; }
    void closeAcceptor() noexcept;
    void setBound(Address bound) noexcept { bound_ = std::move(bound); }

private:
    const SocketOptions options_;
    StreamAcceptor acceptor_;
    Address bound_;
    int acceptedInARow_ = 0;  // without giving the executor's other work a turn
};

}  // namespace tempeh::transport
