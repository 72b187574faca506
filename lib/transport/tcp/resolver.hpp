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

/// A blocking lookup of a name; called on a helper thread.
using LookupFunction =
    std::function<TcpEndpoints(const std::string& host, std::uint16_t port, error_code& ec)>;

/// getaddrinfo(3). host_not_found and its relatives, or what the system says.
TcpEndpoints lookUpTcp(const std::string& host, std::uint16_t port, error_code& ec);

/// Turns hosts into endpoints, one at a time, without ever blocking: literals at once, names on helper
/// threads. A lookup that is no longer wanted is abandoned, not waited for. Used on its executor alone.
class Resolver {
public:
    explicit Resolver(const asio::any_io_executor& executor, LookupFunction function = lookUpTcp,
                      LookupThreads& threads = LookupThreads::ofProcess());
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// InvalidAddress: no host, or one with a NUL in it.
    asio::awaitable<TcpEndpoints> resolve(std::string host, std::uint16_t port, error_code& ec);

    /// Ends resolve() with operation_aborted, one called later too.
    void cancel() noexcept;

private:
    class Lookup;
    void abandon() noexcept;

    asio::steady_timer done_;  // never expires; cancelled when there is a result
    LookupFunction function_;
    LookupThreads& threads_;
    std::shared_ptr<Lookup> lookup_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
