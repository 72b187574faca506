#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/request_context.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tempeh::flows {

/// A request that has ended, for a log. The views are valid during the call.
struct RequestRecord {
    std::string_view peerAddress;  ///< Who asked.
    std::string_view route;        ///< Where it was routed to.
    Duration took{};               ///< The time of the layers inside and of the handler.
    std::optional<std::uint8_t>
        status;                ///< Of the answer; empty if the handler gave none, or sends it itself.
    bool hasThrown = false;    ///< It ended with an exception.
    bool isCancelled = false;  ///< It was cancelled.
};

/// Returns a layer that reports every request when it has ended. `log` runs on the handler's executor, must
/// not block, and must not throw.
TEMPEH_EXPORT RequestHandler logRequests(std::function<void(const RequestRecord& record)> log);

/// Returns a layer that gives every request no more than this time. When it is over the handler is cancelled
/// and the asker gets Status::ProcessingFailed.
TEMPEH_EXPORT RequestHandler limitTime(Timeout time);

/// Returns a layer that refuses the requests for which `reason` returns one, with Status::NotAllowed and the
/// reason in `~reason`. An empty string lets the request pass.
TEMPEH_EXPORT RequestHandler refuseIf(std::function<std::string(const RequestContext& request)> reason);

}  // namespace tempeh::flows
