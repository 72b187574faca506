#pragma once

#include "transport/tcp/lookup_threads.hpp"

#include <tempeh/message/status.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::transport {

namespace asio = boost::asio;

using TcpEndpoints = std::vector<asio::ip::tcp::endpoint>;

/// A blocking name lookup; called on a helper thread.
using LookupFunction =
    std::function<TcpEndpoints(const std::string& host, std::uint16_t port, error_code& ec)>;

/// Calls getaddrinfo(3). Errors: host_not_found and related ones, or the system's error.
TcpEndpoints lookUpTcp(const std::string& host, std::uint16_t port, error_code& ec);

/// Resolves hosts to endpoints, one at a time, without ever blocking: IP addresses at once, names on helper
/// threads. A lookup that is no longer wanted is abandoned, not waited for. Used only on its executor.
class Resolver {
public:
    explicit Resolver(const asio::any_io_executor& executor, LookupFunction function = lookUpTcp,
                      LookupThreads& threads = LookupThreads::ofProcess());
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// InvalidAddress: the host is empty or contains a NUL.
    asio::awaitable<TcpEndpoints> resolve(std::string host, std::uint16_t port, error_code& ec);

    /// True while resolve() waits for a thread.
    bool isQueued() const noexcept;

    /// Ends resolve() with operation_aborted, even one called later.
    void cancel() noexcept;

private:
    class Lookup;
    void abandon() noexcept;

    asio::steady_timer done_;  // never expires; cancelled when the result is there
    LookupFunction function_;
    LookupThreads& threads_;
    std::shared_ptr<Lookup> lookup_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
