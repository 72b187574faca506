// Every allocation and every system call of a conversation fails in its turn.

#include "faults/campaign.hpp"
#include "support/scale.hpp"

#include <gtest/gtest.h>

#include <new>
#include <string>

namespace tempeh::faults {
namespace {

constexpr Kind allocations[] = {Kind::Allocation};

void report(const std::string& name, const Tally& tally) {
    EXPECT_EQ(tally.wrong, "");
    EXPECT_GT(tally.injected, 0U);
    std::printf("%s: %llu faults in %llu runs\n", name.c_str(),
                static_cast<unsigned long long>(tally.injected), static_cast<unsigned long long>(tally.runs));
}

/// The default slice takes a few seconds, the rest some 20 s more: scripts/test --full.
#define TEMPEH_LARGER_SLICE()                           \
    if (test::fromEnvironment("TEMPEH_FAULTS", 0) == 0) \
    GTEST_SKIP() << "scripts/test --full runs it, or TEMPEH_FAULTS=1; the fifteen take some 20 s"

/// One engine goes through all of it.
void endure(const std::string& name, std::span<const Kind> kindsToFail, Home home, const Script& script,
            const Options& options = shortTimeouts()) {
    const Spared spared;
    Arena arena(home, script, options);
    report(name, campaign(name, kindsToFail, [&arena] { return arena.run(); }));
}

/// A new engine for every fault, which may hit its making and its end.
void endureFresh(const std::string& name, std::span<const Kind> kindsToFail, Home home,
                 const Script& script) {
    const Spared spared;
    runFresh(home, script);  // what is made once stays
    const std::int64_t before = liveBlocks();
    report(name, campaign(name, kindsToFail, [home, &script] { return runFresh(home, script); }));
    EXPECT_LE(liveBlocks(), before + 50) << "memory is left behind";
}

/// Little room on the way: the kernel takes a part, and the pool has nothing to read into at times.
Options tight() {
    Options options = shortTimeouts();
    options.sendBufferBytes = 4096;
    options.receiveBufferBytes = 4096;
    options.initialPoolMessages = 0;
    options.maxPoolMessages = 64;
    return options;
}

const Script small{.bodies = {16, 300}};
const Script large{.bodies = {20'000, 60'000, 100, 60'000}};
const Script many{.bodies = std::vector<std::size_t>(12, 9000), .waitsWritable = true};

Script over(Net net) {
    Script script = small;
    script.net = net;
    return script;
}
Script endingWith(Farewell farewell, Script script) {
    script.farewell = farewell;
    return script;
}

TEST(TheHooks, SeeTheCallsAndBite) {
    const Spared spared;
    Arena arena(Home::OwnThread, small);
    for (const Kind kind : {Kind::Allocation, Kind::Socket, Kind::Bind, Kind::Accept, Kind::Connect,
                            Kind::Send, Kind::Receive, Kind::EpollControl, Kind::EpollWait}) {
        const std::uint64_t before = callsSeen(kind);
        arm({kind, 1, errorsOf(kind).front()});
        EXPECT_EQ(arena.run(), "");
        EXPECT_TRUE(disarm()) << nameOf(kind);
        EXPECT_GT(callsSeen(kind), before) << nameOf(kind);
    }
    if (!hasOperatorNew) GTEST_SKIP() << "clang's thread sanitizer has operator new to itself";
    arm({Kind::Allocation, 1, ENOMEM});
    {
        const Exposed exposed;
        EXPECT_THROW(::operator delete(::operator new(16)), std::bad_alloc);  // not to be optimised away
    }
    EXPECT_TRUE(disarm());
}

TEST(AllocationFaults, SmallMessages) {
    endure("small, memory", allocations, Home::OwnThread, small);
}
TEST(AllocationFaults, LargeMessages) {
    TEMPEH_LARGER_SLICE();
    endure("large, memory", allocations, Home::OwnThread, large);
}
TEST(AllocationFaults, LittleRoom) {
    endure("little room, memory", allocations, Home::OwnThread, many, tight());
}
TEST(AllocationFaults, UnixSocket) {
    endure("unix, memory", allocations, Home::OwnThread, over(Net::Unix));
}
TEST(AllocationFaults, AName) {
    TEMPEH_LARGER_SLICE();
    endure("name, memory", allocations, Home::OwnThread, over(Net::Name));
}
TEST(AllocationFaults, TimeoutsAndUpdates) {
    TEMPEH_LARGER_SLICE();
    Script script = small;
    script.isUpdating = true;
    script.farewell = Farewell::ByeSignal;
    endure("timeouts, memory", allocations, Home::OwnThread, script);
}
TEST(AllocationFaults, Handlers) {
    Script script = small;
    script.usesFutures = true;
    endure("handlers, memory", allocations, Home::OwnThread, script);
}
TEST(AllocationFaults, ADroppedGroup) {
    TEMPEH_LARGER_SLICE();
    endure("dropped group, memory", allocations, Home::OwnThread, endingWith(Farewell::DropGroup, large));
}
TEST(AllocationFaults, FromTheEnginesMakingToItsEnd) {
    endureFresh("fresh, memory", allocations, Home::OwnThread, large);
}
TEST(AllocationFaults, Shutdown) {
    endureFresh("shutdown, memory", allocations, Home::OwnThread, endingWith(Farewell::Shutdown, large));
}

TEST(SystemCallFaults, SmallMessages) {
    TEMPEH_LARGER_SLICE();
    endure("small, calls", systemCalls(), Home::OwnThread, small);
}
TEST(SystemCallFaults, LargeMessages) {
    TEMPEH_LARGER_SLICE();
    endure("large, calls", systemCalls(), Home::OwnThread, large);
}
TEST(SystemCallFaults, LittleRoom) {
    TEMPEH_LARGER_SLICE();
    endure("little room, calls", systemCalls(), Home::OwnThread, many, tight());
}
TEST(SystemCallFaults, UnixSocket) {
    TEMPEH_LARGER_SLICE();
    endure("unix, calls", systemCalls(), Home::OwnThread, over(Net::Unix));
}
TEST(SystemCallFaults, AbstractSocket) {
    TEMPEH_LARGER_SLICE();
    endure("abstract, calls", systemCalls(), Home::OwnThread, over(Net::Abstract));
}
TEST(SystemCallFaults, AName) {
    TEMPEH_LARGER_SLICE();
    endure("name, calls", systemCalls(), Home::OwnThread, over(Net::Name));
}
TEST(SystemCallFaults, OnACallersContext) {
    TEMPEH_LARGER_SLICE();
    endure("context, calls", systemCalls(), Home::Context, small);
}
TEST(SystemCallFaults, FromTheEnginesMakingToItsEnd) {
    TEMPEH_LARGER_SLICE();
    endureFresh("fresh, calls", systemCalls(), Home::OwnThread, small);
}
TEST(SystemCallFaults, Shutdown) {
    TEMPEH_LARGER_SLICE();
    endureFresh("shutdown, calls", systemCalls(), Home::OwnThread, endingWith(Farewell::Shutdown, small));
}

TEST(TransportFaults, SmallMessages) {
    endure("small, transport", transportCalls(), Home::FaultyNetwork, small);
}
TEST(TransportFaults, LargeMessages) {
    TEMPEH_LARGER_SLICE();
    endure("large, transport", transportCalls(), Home::FaultyNetwork, large);
}
TEST(TransportFaults, LittleRoom) {
    TEMPEH_LARGER_SLICE();
    endure("little room, transport", transportCalls(), Home::FaultyNetwork, many, tight());
}

}  // namespace
}  // namespace tempeh::faults
