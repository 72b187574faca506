#pragma once

#include <boost/asio/io_context.hpp>

namespace tempeh::testing::detail {

/// The threads of one host: runs the handlers of its engine and its coroutines. While the host is suspended
/// none of them runs; its connections continue, as they do in a kernel.
class HostContext : public boost::asio::io_context {
public:
    HostContext() : io_context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE) {}

    /// Destroys pending handlers. May be called again for handlers added by that destruction.
    using boost::asio::io_context::shutdown;

    /// Runs one handler, if there is one.
    bool runOne() {
        if (isSuspended) return false;
        if (stopped()) restart();
        return poll_one() != 0;
    }

    bool isSuspended = false;
};

}  // namespace tempeh::testing::detail
