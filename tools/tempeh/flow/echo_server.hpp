#pragma once

#include <tempeh/core/reactor.hpp>
#include <tempeh/flows/server.hpp>

#include <future>
#include <string>

namespace tool {

/// An echo server with an engine and a thread of its own, for measurements without another process.
class EchoServer {
public:
    /// `transport`: tcp or uds. Throws Error.
    EchoServer(const std::string& transport, const tempeh::Options& options);
    ~EchoServer();
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;

    /// For a client.
    std::string address() const;

private:
    tempeh::Reactor engine_;
    tempeh::flows::Server server_;
    std::future<void> served_;
};

}  // namespace tool
