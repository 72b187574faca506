#pragma once

#include "base/random.hpp"
#include "sim/ledger.hpp"
#include "sim/stopped.hpp"

#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::test {

/// One seed's worth of everything an application can do with engines, groups and channels, on a network that
/// is good or bad as the seed decides. Throws when a rule is broken.
class Workload {
public:
    /// `speaks`: what the applications do is among the trace.
    explicit Workload(std::uint64_t seed, bool speaks = false);
    ~Workload();
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    void run();

    testing::SimulatedNetwork& network() noexcept { return network_; }
    Ledger::Counts counts() const { return ledger_.counts(); }

private:
    /// An engine; another one after a crash.
    struct Host {
        std::size_t id;
        std::string name;
        Ampe* engine;
        bool isGone = false;
        Stopped stopped = {};
    };
    /// A group with the coroutines of its application.
    struct Club {
        std::size_t id;
        Host* host;
        ChannelGroup group;
        bool isGone = false;
        std::vector<Ledger::ChannelId> channels;
        std::vector<MessagePtr> hoard;
        /// Receives in a race with a timer: what was received may still be on its way through `||`.
        bool isRacing = false;
        TimePoint receivesUntil = TimePoint::max();
    };

    std::uint32_t below(std::uint32_t limit) { return random_.below(limit); }
    bool oneIn(std::uint32_t count) { return random_.below(count) == 0; }
    /// In half of the seeds whole ones, so that much happens at the same moment.
    Duration millis(std::uint32_t most) {
        if (isCoarse_) return std::chrono::milliseconds(below(most + 1));
        return std::chrono::microseconds(below(most * 1000 + 1));
    }
    Options engineOptions();

    void addHost(const std::string& name);
    void addClub(Host& host);
    void listen(Club& club);
    void connect(Club& club);
    void somethingHappens();
    void destroyClub();
    void shutDown(Host& host);
    /// Stops its process for a while, which may end in its death.
    void suspend(Host& host);
    void crash(Host& host);
    void checkTimeout(const Club& club, TimePoint start, Duration timeout) const;
    void finish();
    bool isFullOfAnswers(const Host& host) const;
    void checkPools() const;

    asio::awaitable<void> receive(Club& club);
    asio::awaitable<MessagePtr> receiveOne(Club& club);
    asio::awaitable<void> drive(Club& club, int actions);
    asio::awaitable<void> crowd(Club& club);
    void act(Club& club);
    void take(Club& club, MessagePtr message);
    void takeHello(Club& club, MessagePtr message);
    void answer(Club& club, MessagePtr message);
    void burst(Club& club, Ledger::ChannelId channel);
    void sayBye(Club& club, Ledger::ChannelId channel);
    Ledger::ChannelId anyChannel(Club& club);
    std::size_t anySize();
    MessagePtr make(Club& club, OpCode opCode, Ledger::ChannelId channel);
    /// False: it could not be posted, for a reason that is allowed.
    bool post(Club& club, MessagePtr message, std::size_t bodySize);
    void say(const char* what, const Club& club, const BinaryHeader& header, const error_code& ec);
    bool isAllowed(const Club& club, const error_code& ec) const;

    base::Random random_;
    const bool speaks_;
    bool isFaulty_;
    bool isCoarse_;
    bool isAnswering_;  // requests; else only hellos and byes
    Ledger ledger_;
    std::deque<Host> hosts_;
    std::deque<Club> clubs_;
    std::vector<Address> places_;
    int coroutines_ = 0;
    bool isEnding_ = false;
    testing::SimulatedNetwork network_;  // goes first, and with it the coroutines that use the others
};

}  // namespace tempeh::test
