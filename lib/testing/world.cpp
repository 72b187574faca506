#include "testing/world.hpp"

#include "testing/connection.hpp"
#include "testing/memory_listener.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <variant>

namespace tempeh::testing::detail {

namespace errc = boost::system::errc;

World::World(const SimulationOptions& options)
    : options_(options)
    , timeline_(base::Random(options.seed).next())
    , trace_(timeline_.moment())
    , random_(options.seed) {}

World::~World() = default;

bool World::chance(double probability) noexcept {
    if (probability <= 0) return false;
    return static_cast<double>(random_.next() >> 11U) * 0x1p-53 < probability;
}

std::uint64_t World::between(std::uint64_t least, std::uint64_t most) noexcept {
    constexpr std::uint64_t widest = std::numeric_limits<std::uint32_t>::max();
    if (most <= least) return least;
    const std::uint64_t width = most - least;
    if (width < widest) return least + random_.below(static_cast<std::uint32_t>(width + 1));
    return least + (width == std::numeric_limits<std::uint64_t>::max() ? random_.next()
                                                                       : random_.next() % (width + 1));
}

Duration World::latency() noexcept {
    const auto least = static_cast<std::uint64_t>(std::max<Duration::rep>(options_.minLatency.count(), 0));
    const auto most = static_cast<std::uint64_t>(std::max<Duration::rep>(options_.maxLatency.count(), 0));
    const Duration latency(static_cast<Duration::rep>(between(least, most)));
    const Duration tick = options_.tick;
    return tick > Duration::zero() ? (latency + tick - Duration(1)) / tick * tick : latency;
}

Duration World::passage() noexcept {
    Duration time = latency();
    if (chance(options_.stalls)) {
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(options_.maxStall).count();
        time += std::chrono::microseconds(
            between(0, static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0))));
    }
    return time;
}

HostId World::hostOf(const std::string& name) {
    if (const std::optional<HostId> known = findHost(name)) return *known;
    names_.push_back(name);
    return static_cast<HostId>(names_.size() - 1);
}

std::optional<HostId> World::findHost(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return std::nullopt;
    return static_cast<HostId>(found - names_.begin());
}

// --- Links ---

bool World::isCut(HostId a, HostId b) const noexcept {
    return cuts_.contains(std::minmax(a, b));
}

void World::cut(HostId a, HostId b) {
    trace_.add(TraceEvent::Partition, a, b);
    cuts_.insert(std::minmax(a, b));
}

void World::heal(HostId a, HostId b) {
    trace_.add(TraceEvent::Heal, a, b);
    cuts_.erase(std::minmax(a, b));
    for (const std::shared_ptr<Connection>& connection : connections())
        connection->onHealed();
}

void World::healAll() {
    cuts_.clear();
    for (const std::shared_ptr<Connection>& connection : connections())
        connection->onHealed();
}

void World::crash(HostId host) {
    trace_.add(TraceEvent::Crash, host);
    for (auto& [key, place] : places_)
        if (place.host == host) place.listener = nullptr;
    std::erase_if(places_, [host](const auto& entry) {
        return entry.second.host == host && entry.first.starts_with("tcp|");
    });
    for (const std::shared_ptr<Connection>& connection : connections())
        connection->onCrash(host);
}

void World::add(const std::shared_ptr<Connection>& connection) {
    constexpr std::size_t sweepFrom = 64;
    if (connections_.size() >= sweepFrom)
        std::erase_if(connections_, [](const std::weak_ptr<Connection>& known) { return known.expired(); });
    connections_.push_back(connection);
}

std::vector<std::shared_ptr<Connection>> World::connections() {
    std::vector<std::shared_ptr<Connection>> living;
    for (const std::weak_ptr<Connection>& known : connections_)
        if (std::shared_ptr<Connection> connection = known.lock()) living.push_back(std::move(connection));
    return living;
}

// --- Names ---

namespace {

bool isLoopback(const std::string& host) {
    return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

bool isAnyInterface(const std::string& host) {
    return host.empty() || host == "0.0.0.0" || host == "::";
}

}  // namespace

std::string World::keyOf(HostId host, const Address& address) const {
    if (const auto* uds = std::get_if<UdsServerAddress>(&address)) return "uds|" + uds->path;
    const std::uint16_t port = std::get<TcpServerAddress>(address).port;
    return "tcp|" + names_[host] + "|" + std::to_string(port);
}

Address World::bind(MemoryListener& listener, HostId host, const Address& address, error_code& ec) {
    ec.clear();
    Address bound = address;
    if (auto* uds = std::get_if<UdsServerAddress>(&bound)) {
        if (uds->path.empty()) uds->path = "/simulated/" + std::to_string(++nextPath_);
    } else if (auto* tcp = std::get_if<TcpServerAddress>(&bound)) {
        if (!isAnyInterface(tcp->host) && !isLoopback(tcp->host) && findHost(tcp->host) != host) {
            ec = findHost(tcp->host) ? error_code(make_error_code(errc::address_not_available))
                                     : error_code(asio::error::host_not_found);
            return bound;
        }
        if (isAnyInterface(tcp->host)) tcp->host = names_[host];
        while (tcp->port == 0 ||
               (std::get<TcpServerAddress>(address).port == 0 && places_.contains(keyOf(host, bound))))
            tcp->port = nextPort_++;
    } else {
        ec = Status::WrongAddress;
        return bound;
    }
    Place& place = places_[keyOf(host, bound)];
    if (place.listener != nullptr)
        ec = asio::error::address_in_use;
    else
        place = {&listener, host};
    return bound;
}

void World::unbind(const MemoryListener& listener, const Address& bound, HostId host) noexcept {
    const auto found = places_.find(keyOf(host, bound));
    if (found != places_.end() && found->second.listener == &listener) places_.erase(found);
}

MemoryListener* World::find(HostId from, const Address& address, error_code& ec) const {
    ec.clear();
    auto found = places_.end();
    if (const auto* uds = std::get_if<UdsClientAddress>(&address)) {
        found = places_.find("uds|" + uds->path);
        if (found == places_.end()) ec = make_error_code(errc::no_such_file_or_directory);
    } else if (const auto* tcp = std::get_if<TcpClientAddress>(&address)) {
        const std::optional<HostId> host =
            isLoopback(tcp->host) || isAnyInterface(tcp->host) ? std::optional(from) : findHost(tcp->host);
        if (!host)
            ec = asio::error::host_not_found;
        else
            found = places_.find("tcp|" + names_[*host] + "|" + std::to_string(tcp->port));
    } else {
        ec = Status::WrongAddress;
    }
    MemoryListener* listener = found == places_.end() ? nullptr : found->second.listener;
    if (listener == nullptr && !ec) ec = asio::error::connection_refused;
    return listener;
}

}  // namespace tempeh::testing::detail
