#pragma once

#include "transport/listener.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace tempeh::transport {

/// A listening stream socket of any family: the part that TCP and Unix sockets share.
class SocketListener : public Listener {
public:
    Address boundAddress() const final { return bound_; }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) final;

protected:
    SocketListener(const asio::any_io_executor& executor, const SocketOptions& options)
        : options_(options), acceptor_(executor) {}

    /// Wraps a connection that was just accepted.
    virtual std::unique_ptr<Stream> makeStream(StreamSocket socket, const StreamEndpoint& peer) = 0;

    const SocketOptions& options() const noexcept { return options_; }
    StreamAcceptor& acceptor() noexcept { return acceptor_; }
    void closeAcceptor() noexcept;
    void setBound(Address bound) noexcept { bound_ = std::move(bound); }

private:
    const SocketOptions options_;
    StreamAcceptor acceptor_;
    Address bound_;
    int acceptedInARow_ = 0;  // without yielding to the executor's other work
};

}  // namespace tempeh::transport
