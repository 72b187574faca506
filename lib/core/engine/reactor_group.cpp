#include "core/engine/engine.hpp"
#include "core/engine/runtime.hpp"

#include <tempeh/core/reactor_group.hpp>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace tempeh {

namespace {

void add(TrafficStats& sum, const TrafficStats& one) noexcept {
    sum.messages += one.messages;
    sum.bytes += one.bytes;
}

void add(ReturnedStats& sum, const ReturnedStats& one) noexcept {
    for (std::size_t i = 0; i < detail::statusCount; ++i)
        sum.add(detail::statusAt(i), one[detail::statusAt(i)]);
}

template <typename Stats, typename Number>
void addEach(Stats& sum, const Stats& one, std::initializer_list<Number Stats::*> counters) noexcept {
    for (Number Stats::*const counter : counters)
        sum.*counter += one.*counter;
}

void add(EngineStats& sum, const EngineStats& one) noexcept {
    using E = EngineStats;
    using P = PoolStats;
    add(sum.sent, one.sent);
    add(sum.received, one.received);
    add(sum.returned, one.returned);
    addEach<E, std::uint64_t>(
        sum, one,
        {&E::reads, &E::writes, &E::reactorWakes, &E::receiverWakes, &E::connected, &E::accepted,
         &E::acceptFailures, &E::violations, &E::helloTimeouts, &E::refusedByListener, &E::refusedByPeer,
         &E::droppedHandshakes, &E::frameTimeouts, &E::writeTimeouts});
    addEach<E, std::size_t>(sum, one, {&E::keptInputBytes, &E::channels, &E::groups});
    addEach<P, std::uint64_t>(
        sum.pool, one.pool,
        {&P::hits, &P::allocations, &P::misses, &P::highWater, &P::outstanding, &P::free, &P::limit});
}

}  // namespace

ReactorGroup::ReactorGroup(std::size_t reactors, const Options& options) {
    if (reactors == 0) reactors = std::max(1U, std::thread::hardware_concurrency());
    reactors_.reserve(reactors);
    while (reactors_.size() < reactors)
        reactors_.push_back(std::make_unique<Reactor>(options));
}

ReactorGroup::ReactorGroup(const std::vector<std::reference_wrapper<asio::io_context>>& contexts,
                           const Options& options) {
    if (contexts.empty()) throw std::invalid_argument("ReactorGroup: there is no context to run on");
    reactors_.reserve(contexts.size());
    for (asio::io_context& context : contexts)
        reactors_.push_back(std::make_unique<Reactor>(context, options));
}

ReactorGroup::~ReactorGroup() = default;

Reactor& ReactorGroup::leastBusy() noexcept {
    const auto channels = [](const std::unique_ptr<Reactor>& reactor) {
        return reactor->runtime_->engine().life().liveChannels();
    };
    return **std::ranges::min_element(reactors_, {}, channels);
}

std::vector<ChannelGroup> ReactorGroup::createGroups(const AcceptPolicy& policy) {
    std::vector<ChannelGroup> groups;
    groups.reserve(size());
    for (const std::unique_ptr<Reactor>& reactor : reactors_)
        groups.push_back(reactor->createGroup());
    std::vector<ChannelGroup*> members;
    members.reserve(size());
    for (ChannelGroup& group : groups)
        members.push_back(&group);
    for (ChannelGroup& group : groups)
        group.distributeTo(members, policy);
    return groups;
}

EngineStats ReactorGroup::stats() const {
    EngineStats sum;
    for (const std::unique_ptr<Reactor>& reactor : reactors_)
        add(sum, reactor->stats());
    return sum;
}

ShutdownReport ReactorGroup::shutdown(Timeout deadline) {
    error_code ec;
    ShutdownReport report = shutdown(Duration(deadline), ec);
    if (ec) throw Error(ec, "shutdown");
    return report;
}

ShutdownReport ReactorGroup::shutdown(Duration deadline, error_code& ec) {
    ec.clear();
    for (const std::unique_ptr<Reactor>& reactor : reactors_) {
        if (!reactor->runtime_->engine().wouldBlockReactor()) continue;
        ec = Status::NotAllowed;
        return {};
    }
    // All engines start to shut down before the first one is waited for.
    for (const std::unique_ptr<Reactor>& reactor : reactors_)
        reactor->runtime_->engine().life().begin();
    ShutdownReport all;
    const TimePoint until = core::deadlineAfter(deadline);
    for (const std::unique_ptr<Reactor>& reactor : reactors_) {
        const Duration left = until == TimePoint::max()   ? infinite
                              : until == TimePoint::min() ? Duration::zero()
                                                          : until - std::chrono::steady_clock::now();
        ShutdownReport one = reactor->shutdown(std::max(left, Duration::zero()), ec);
        all.complete = all.complete && one.complete;
        std::ranges::move(one.blocked, std::back_inserter(all.blocked));
    }
    return all;
}

}  // namespace tempeh
