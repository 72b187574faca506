#pragma once

#include "base/random.hpp"
#include "testing/timeline.hpp"
#include "testing/trace.hpp"
#include "transport/transport.hpp"

#include <tempeh/testing/simulation_options.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::testing::detail {

class Connection;
class MemoryListener;

using HostId = std::uint32_t;

/// The shared environment of a simulation's hosts: names, ports, paths, cut links, randomness and time. One
/// thread. Must outlive every stream, connector, listener and timer on it.
class World {
public:
    explicit World(const SimulationOptions& options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    const SimulationOptions& options() const noexcept { return options_; }
    Timeline& timeline() noexcept { return timeline_; }
    Trace& trace() noexcept { return trace_; }
    base::Random& random() noexcept { return random_; }

    bool chance(double probability) noexcept;
    /// Always false while faults are off.
    bool fault(double probability) noexcept { return faults_ && chance(probability); }
    /// Both bounds are included.
    std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept;
    Duration latency() noexcept;
    /// How long a piece of data takes to arrive, including delays.
    Duration passage() noexcept;
    void setFaults(bool on) noexcept { faults_ = on; }

    /// The host of that name, created if necessary.
    HostId hostOf(const std::string& name);
    std::optional<HostId> findHost(const std::string& name) const;
    const std::string& nameOf(HostId host) const { return names_[host]; }

    bool isCut(HostId a, HostId b) const noexcept;
    void cut(HostId a, HostId b);
    /// Data that was held up continues.
    void heal(HostId a, HostId b);
    void healAll();
    /// Resets every connection of the host and ends its listeners.
    void crash(HostId host);

    void add(const std::shared_ptr<Connection>& connection);
    std::uint64_t nextId() noexcept { return ++lastId_; }

    /// Returns the address actually bound; sets `ec` when it is in use.
    Address bind(MemoryListener& listener, HostId host, const Address& address, error_code& ec);
    void unbind(const MemoryListener& listener, const Address& bound, HostId host) noexcept;
    /// Null when a connect fails; `ec` says why.
    MemoryListener* find(HostId from, const Address& address, error_code& ec) const;

private:
    struct Place {
        MemoryListener* listener = nullptr;  // null: a socket file whose server is gone
        HostId host = 0;
    };
    std::string keyOf(HostId host, const Address& address) const;
    std::vector<std::shared_ptr<Connection>> connections();

    SimulationOptions options_;
    Timeline timeline_;
    Trace trace_;
    base::Random random_;
    bool faults_ = true;
    std::vector<std::string> names_;
    std::set<std::pair<HostId, HostId>> cuts_;
    std::map<std::string, Place> places_;
    std::vector<std::weak_ptr<Connection>> connections_;
    std::uint64_t lastId_ = 0;
    std::uint16_t nextPort_ = 49'152;
    std::uint32_t nextPath_ = 0;
};

}  // namespace tempeh::testing::detail
