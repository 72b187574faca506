#include "flows/options_check.hpp"
#include "flows/peer/connecting.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/refusal.hpp"

#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/peer_group.hpp>

namespace tempeh::flows {

namespace {

asio::awaitable<Peer> connectIn(detail::HubPtr hub, detail::HelloTemplate hello, ConnectOptions options) {
    detail::PeerPtr peer = co_await detail::connectPeer(std::move(hub), std::move(hello), options);
    co_return detail::PeerAccess::make(std::move(peer));
}

/// The views of the options are no longer used when this returns.
asio::awaitable<Peer> startConnect(const detail::HubPtr& hub, std::span<const Address> addresses,
                                   ConnectOptions options) {
    detail::check(options);
    detail::HelloTemplate hello(addresses, options);
    options.headers = {};
    options.body = {};
    options.breaker = nullptr;
    return connectIn(hub, std::move(hello), options);
}

asio::awaitable<Peer> startConnect(const detail::HubPtr& hub, const Address& address,
                                   ConnectOptions options) {
    return startConnect(hub, std::span<const Address>(&address, 1), options);
}

}  // namespace

Refused::Refused(const std::string& server, std::shared_ptr<const Message> response)
    : Error(error_code(response->header.status, refusalCategory()), detail::refusalDetail(server, *response))
    , response_(std::move(response)) {}

Refused::~Refused() = default;

asio::awaitable<Peer> connect(Ampe& engine, const Address& address, ConnectOptions options) {
    return startConnect(detail::Hub::create(engine), address, options);
}

asio::awaitable<Peer> connect(Ampe& engine, std::string_view address, ConnectOptions options) {
    return startConnect(detail::Hub::create(engine), parseClientAddress(address), options);
}

asio::awaitable<Peer> connect(Ampe& engine, const Endpoints& addresses, ConnectOptions options) {
    return startConnect(detail::Hub::create(engine), addresses.addresses(), options);
}

asio::any_io_executor detail::EngineHandle::executor() const {
    return engine_.createGroup().executor();
}

Address parseClientAddress(std::string_view text) {
    Message message;
    error_code ec;
    message.textHeaders.append(wire::connectToHeader, text, ec);
    Address address;
    if (!ec) address = parseAddress(message, ec);
    if (ec) throw Error(make_error_code(Status::InvalidAddress), std::string(text));
    return address;
}

void Endpoints::addText(std::string_view text) {
    addresses_.push_back(parseClientAddress(text));
}

Address clientAddressOf(const Address& bound) {
    return wire::clientAddressOf(bound);
}

PeerGroup::PeerGroup(Ampe& engine) : hub_(detail::Hub::create(engine)) {}

const std::shared_ptr<detail::Hub>& PeerGroup::hub() const {
    if (hub_ == nullptr) throw Error(Status::InvalidChannelGroup);
    return hub_;
}

asio::awaitable<Peer> PeerGroup::connect(const Address& address, ConnectOptions options) const {
    return startConnect(hub(), address, options);
}

asio::awaitable<Peer> PeerGroup::connect(std::string_view address, ConnectOptions options) const {
    return startConnect(hub(), parseClientAddress(address), options);
}

asio::awaitable<Peer> PeerGroup::connect(const Endpoints& addresses, ConnectOptions options) const {
    return startConnect(hub(), addresses.addresses(), options);
}

asio::any_io_executor PeerGroup::executor() const {
    return hub()->group().executor();
}

asio::awaitable<void> PeerGroup::sleep(Timeout duration) const {
    return detail::sleepFor(hub(), duration);
}

GroupStats PeerGroup::stats() const {
    return hub()->group().stats();
}

}  // namespace tempeh::flows
