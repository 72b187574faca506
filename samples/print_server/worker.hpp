#pragma once

#include "protocol.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/wire/address.hpp>

#include <limits>
#include <string>

namespace print {

namespace asio = boost::asio;

/// A raster image processor: makes dots of pages. One coroutine, one job at a time; a worker licensed for
/// several runs several.
class Worker {
public:
    /// `breaksAfter`: so many pages, and then it is gone in the middle of a job, as a crash would have it.
    Worker(tempeh::Ampe& engine, tempeh::Address spooler, std::string pdl,
           int breaksAfter = std::numeric_limits<int>::max());

    /// Does jobs, each on a channel of its own, until the spooler has none left (or this breaks). Throws
    /// flows::Refused when the spooler has no use for it.
    asio::awaitable<void> run();

private:
    /// False: there is no more to do.
    asio::awaitable<bool> doJob();
    asio::awaitable<void> process(tempeh::flows::Peer spooler, tempeh::MessagePtr ticket);

    tempeh::Ampe& engine_;
    const tempeh::Address spooler_;
    const std::string pdl_;
    int untilBroken_;
};

}  // namespace print
