// What happens to a simulation as a whole; what its applications do is in workload_application.cpp.

#include "sim/workload.hpp"

#include "sim/any_network.hpp"

#include <stdexcept>

namespace tempeh::test {

using namespace std::chrono_literals;
using testing::SimulationOptions;

namespace {

constexpr std::uint64_t workloadSalt = 0x5157'1ead'0c0f'fee5U;

SimulationOptions networkOptions(std::uint64_t seed, bool isFaulty) {
    base::Random random(seed ^ ~workloadSalt);
    SimulationOptions options = anyNetwork(seed, isFaulty, random, {.least = 64, .small = 2000});
    options.shortReads = random.below(2) == 0 ? 0.3 : 0.02;
    options.shortWrites = random.below(2) == 0 ? 0.3 : 0.02;
    return options;
}

}  // namespace

Workload::Workload(std::uint64_t seed, bool speaks)
    : random_(seed ^ workloadSalt)
    , speaks_(speaks)
    , isFaulty_(random_.below(2) == 0)
    , isCoarse_(random_.below(2) == 0)
    , isAnswering_(random_.below(3) != 0)
    , ledger_(isFaulty_)
    , network_(networkOptions(seed, isFaulty_)) {}

Workload::~Workload() {
    isEnding_ = true;
    for (Club& club : clubs_) {
        club.isGone = true;
        club.hoard.clear();
        club.group = ChannelGroup();
    }
}

Options Workload::engineOptions() {
    Options options;
    options.initialPoolMessages = 0;
    options.maxPoolMessages = oneIn(3) ? 4 + below(30) : 4096;
    options.sendQueueMessages = oneIn(3) ? 2 + below(20) : 4096;
    options.sendQueueBytes = oneIn(4) ? 1000 + below(50'000) : 1'000'000;
    options.connectTimeout = 100ms + millis(5000);
    options.helloTimeout = 500ms + millis(5000);
    options.byeTimeout = 500ms + millis(5000);
    options.lingerTimeout = millis(2000);
    if (oneIn(8)) options.maxChannels = 2 + below(6);
    return options;
}

void Workload::addHost(const std::string& name) {
    Ampe& engine = network_.createEngine(name, engineOptions());
    hosts_.push_back({hosts_.size(), name, &engine});
    Host& host = hosts_.back();
    for (std::uint32_t i = 1 + below(3); i != 0; --i)
        addClub(host);
}

void Workload::addClub(Host& host) {
    clubs_.push_back({clubs_.size(), &host, host.engine->createGroup(), false, {}, {}});
    Club& club = clubs_.back();
    // Beside the sockets, or somewhere else.
    const bool isInside = !oneIn(3);
    const auto start = [&](asio::awaitable<void> coroutine) {
        if (isInside)
            network_.spawn(host.name, std::move(coroutine));
        else
            network_.spawn(std::move(coroutine));
    };
    start(receive(club));
    start(drive(club, static_cast<int>(5 + below(40))));
    if (oneIn(2)) start(crowd(club));
    for (std::uint32_t i = below(3); i != 0; --i)
        listen(club);
}

void Workload::run() {
    for (std::uint32_t i = 0, count = 2 + below(2); i < count; ++i)
        addHost(std::string(1, static_cast<char>('a' + i)));
    for (std::uint32_t i = 1 + below(6); i != 0; --i) {
        network_.runFor(oneIn(4) ? millis(6000) : millis(300));
        somethingHappens();
    }
    finish();
}

void Workload::somethingHappens() {
    Host& one = hosts_[below(static_cast<std::uint32_t>(hosts_.size()))];
    Host& other = hosts_[below(static_cast<std::uint32_t>(hosts_.size()))];
    switch (below(isFaulty_ ? 8 : 5)) {
        case 0:
            return destroyClub();
        case 1:
            if (oneIn(3)) shutDown(one);
            return;
        case 2:
            network_.partition(one.name, other.name);
            network_.runFor(millis(300));
            return network_.heal(one.name, other.name);
        case 4:
            return network_.partition(one.name, other.name);
        case 5:
            return network_.heal();
        case 6:
            return crash(one);
        case 3:
            return suspend(one);
        default:
            return;
    }
}

void Workload::crash(Host& host) {
    if (host.isGone) return;
    host.isGone = true;
    network_.crash(host.name);
    if (oneIn(2)) addHost(std::string(host.name));
}

void Workload::suspend(Host& host) {
    if (host.isGone) return;
    network_.suspend(host.name);
    host.stopped.stop(network_.now());
    network_.runFor(oneIn(3) ? millis(20'000) : millis(100));
    host.stopped.goOn(network_.now());
    if (isFaulty_ && oneIn(6)) return crash(host);
    network_.resume(host.name);
}

void Workload::destroyClub() {
    Club& club = clubs_[below(static_cast<std::uint32_t>(clubs_.size()))];
    if (club.isGone) return;
    club.isGone = true;
    ledger_.onGroupGone(club.id);
    club.hoard.clear();
    club.group = ChannelGroup();
}

void Workload::shutDown(Host& host) {
    if (host.isGone) return;
    host.isGone = true;
    host.engine->shutdown(oneIn(4) ? Duration::zero() : millis(8000));
}

void Workload::finish() {
    constexpr Duration restless = 10min;
    isEnding_ = true;
    network_.setFaults(false);
    network_.heal();
    for (Club& club : clubs_)
        club.hoard.clear();
    network_.runFor(restless);
    if (!isFaulty_) ledger_.checkRest([this](std::size_t engine) { return isFullOfAnswers(hosts_[engine]); });
    const TimePoint start = network_.now();
    for (Host& host : hosts_) {
        if (oneIn(3))
            for (Club& club : clubs_)
                if (club.host == &host && !club.isGone && oneIn(2)) {
                    club.isGone = true;
                    ledger_.onGroupGone(club.id);
                    club.group = ChannelGroup();
                }
        shutDown(host);
    }
    network_.run();
    if (coroutines_ != 0)
        throw std::logic_error("rule broken: " + std::to_string(coroutines_) + " coroutines wait for ever");
    if (network_.now() - start > restless) throw std::logic_error("rule broken: it took too long to end");
    for (Club& club : clubs_)
        club.hoard.clear();
    ledger_.checkEnd();
    for (const Club& club : clubs_)
        if (!club.isGone && club.group.stats().pending != 0)
            throw std::logic_error("rule broken: messages wait in a group that said it was drained");
    checkPools();
}

/// Nothing is free for what is received, as answers wait to be sent.
bool Workload::isFullOfAnswers(const Host& host) const {
    if (!isAnswering_) return false;
    std::size_t queued = 0;
    for (const Club& club : clubs_) {
        if (club.host != &host || club.isGone) continue;
        for (const Ledger::ChannelId channel : club.channels) {
            error_code ec;
            const ChannelInfo info = club.group.channelInfo(ledger_.numberOf(channel), ec);
            if (!ec) queued += info.sendQueueMessages;
        }
    }
    return queued != 0 && host.engine->stats().pool.free == 0;
}

void Workload::checkPools() const {
    for (const Host& host : hosts_) {
        const EngineStats stats = host.engine->stats();
        if (stats.pool.outstanding != 0)
            throw std::logic_error("rule broken: " + std::to_string(stats.pool.outstanding) +
                                   " messages of engine " + host.name + " are not back in the pool");
        if (stats.channels != 0)
            throw std::logic_error("rule broken: engine " + host.name + " counts channels after its end");
    }
}

}  // namespace tempeh::test
