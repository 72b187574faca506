#pragma once

#include "machines/connect_race.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"
#include "transport/stream.hpp"
#include "transport/tcp/resolver.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace tempeh::transport {

/// Connects to whichever address of a name answers first (ConnectRace). Shared by the coroutine that waits
/// and the handlers of the tries. Used only on its executor.
class TcpRace final : public std::enable_shared_from_this<TcpRace> {
public:
    TcpRace(const asio::any_io_executor& executor, const SocketOptions& options,
            const TcpEndpoints& endpoints);

    /// The connection to the first that answered; the other tries are closed. Called once. On failure returns
    /// null and sets `ec`: the last failure that says something about the peer, or operation_aborted.
    static asio::awaitable<std::unique_ptr<Stream>> run(std::shared_ptr<TcpRace> self, error_code& ec);

    /// Ends run() with operation_aborted.
    void cancel() noexcept;

private:
    struct Try {
        StreamSocket socket;
        StreamEndpoint endpoint;
    };

    /// Until when to wait; empty: lost.
    std::optional<std::chrono::steady_clock::time_point> startDue();
    void start(std::size_t candidate);
    void onTried(std::size_t candidate, error_code ec);
    void fail(std::size_t candidate, const error_code& ec) noexcept;
    void end() noexcept;

    const SocketOptions options_;
    asio::steady_timer wake_;  // when the next try is due; cancelled when something happened
    machines::ConnectRace race_;
    std::vector<Try> tries_;  // never resized
    std::optional<std::size_t> winner_;
    error_code failure_;
    bool isOver_ = false;
};

}  // namespace tempeh::transport
