#pragma once

#include <boost/asio/io_context.hpp>

namespace tempeh::testing::detail {

/// The threads of one host: what its engine and its coroutines have to do. Nothing of that happens while the
/// host is suspended; its connections go on, as a kernel's do.
class HostContext : public boost::asio::io_context {
public:
    HostContext() : io_context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE) {}

    /// Destroys what is left to do; may be called again for what came of that.
    using boost::asio::io_context::shutdown;

    /// One piece of work, if there is any.
    bool runOne() {
        if (isSuspended) return false;
        if (stopped()) restart();
        return poll_one() != 0;
    }

    bool isSuspended = false;
};

}  // namespace tempeh::testing::detail
