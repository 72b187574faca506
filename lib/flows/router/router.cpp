#include "flows/router/routed_peer.hpp"
#include "flows/router/router_state.hpp"

#include <tempeh/flows/router.hpp>

#include <utility>

namespace tempeh::flows {

namespace detail {

RouterState::RouterState(RouteFunction routeOf, RouterOptions options)
    : routeOf_(std::move(routeOf)), options_(std::move(options)) {}

void RouterState::requireUnused() const {
    if (isInUse_.load(std::memory_order_relaxed))
        throw Error(make_error_code(Status::NotAllowed), "the router serves peers already");
}

void RouterState::add(std::string route, RequestHandler handler) {
    requireUnused();
    routes_.insert_or_assign(std::move(route), std::move(handler));
}

void RouterState::setOtherwise(RequestHandler handler) {
    requireUnused();
    otherwise_ = std::move(handler);
}

void RouterState::addLayer(RequestHandler layer) {
    requireUnused();
    layers_.push_back(std::move(layer));
}

RouterState::Route RouterState::routeOf(const Message& request) const {
    const auto found = routes_.find(routeOf_(request));
    if (found != routes_.end()) return {.name = found->first, .handler = &found->second};
    return {.name = {}, .handler = otherwise_ != nullptr ? &otherwise_ : nullptr};
}

RouterCounters RouterState::counters() const noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    return {.requests = counts.requests.load(relaxed),
            .answered = counts.answered.load(relaxed),
            .failed = counts.failed.load(relaxed),
            .overdue = counts.overdue.load(relaxed),
            .cancelled = counts.cancelled.load(relaxed),
            .unrouted = counts.unrouted.load(relaxed)};
}

}  // namespace detail

namespace {

RouteFunction byHeader(std::string header) {
    return [header = std::move(header)](const Message& request) {
        return request.textHeaders.find(header).value_or(std::string_view());
    };
}

}  // namespace

Router::Router(std::string header, RouterOptions options)
    : Router(byHeader(std::move(header)), std::move(options)) {}
Router::Router(RouteFunction routeOf, RouterOptions options)
    : state_(std::make_shared<detail::RouterState>(std::move(routeOf), std::move(options))) {}

Router& Router::on(std::string route, RequestHandler handler) {
    state_->add(std::move(route), std::move(handler));
    return *this;
}

Router& Router::otherwise(RequestHandler handler) {
    state_->setOtherwise(std::move(handler));
    return *this;
}

Router& Router::use(RequestHandler layer) {
    state_->addLayer(std::move(layer));
    return *this;
}

asio::awaitable<void> Router::operator()(Peer peer) const {
    state_->beginUse();
    return detail::RoutedPeer::serve(state_, std::move(peer));
}

RouterCounters Router::counters() const noexcept {
    return state_->counters();
}

}  // namespace tempeh::flows
