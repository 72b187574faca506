#include <tempeh/flows/router_layers.hpp>

#include <exception>
#include <utility>

namespace tempeh::flows {

namespace {

using Log = std::function<void(const RequestRecord& record)>;
using Reason = std::function<std::string(const RequestContext& request)>;

asio::awaitable<void> runLogged(RequestContext& request, const Log& log) {
    const TimePoint begin = request.now();
    std::exception_ptr failure;
    try {
        auto rest = request.next();
        co_await std::move(rest);
    } catch (...) {
        failure = std::current_exception();
    }
    log(RequestRecord{.peerAddress = request.peerAddress(),
                      .route = request.route(),
                      .took = request.now() - begin,
                      .status = request.answered(),
                      .hasThrown = failure != nullptr,
                      .isCancelled = request.isCancelled()});
    if (failure != nullptr) std::rethrow_exception(failure);
}

asio::awaitable<void> runAllowed(RequestContext& request, const Reason& reason) {
    const std::string why = reason(request);
    if (!why.empty()) {
        request.refuse(Status::NotAllowed, why);
        co_return;
    }
    auto rest = request.next();
    co_await std::move(rest);
}

}  // namespace

// A layer outlives the coroutines that refer to what it has captured.

RequestHandler logRequests(Log log) {
    return [log = std::move(log)](RequestContext& request) { return runLogged(request, log); };
}

RequestHandler limitTime(Timeout time) {
    return [time](RequestContext& request) {
        request.limitTime(time);
        return request.next();
    };
}

RequestHandler refuseIf(Reason reason) {
    return [reason = std::move(reason)](RequestContext& request) { return runAllowed(request, reason); };
}

}  // namespace tempeh::flows
