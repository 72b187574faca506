#include "machines/admission.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace tempeh::machines {
namespace {

using Verdict = Admission::Verdict;

struct Connection {
    Admission::Guest guest;
};

class Door {
public:
    explicit Door(const Admission::Limits& limits) : admission(std::make_shared<Admission>(limits)) {}

    Connection& enter(std::string_view peer = {}) {
        Connection& connection = connections.emplace_back();
        Admission::enter(admission, connection.guest, peer, &connection);
        return connection;
    }

    std::shared_ptr<Admission> admission;
    std::deque<Connection> connections;
};

TEST(Admission, WithoutLimitsAllMayCome) {
    Door door({});
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(door.admission->judge("one"), Verdict::Admit);
        door.enter("one");
    }
    EXPECT_EQ(door.admission->longestWaiting(), nullptr);
    EXPECT_FALSE(door.admission->tellsPeersApart());
    EXPECT_EQ(door.admission->connections(), 1000U);
}

TEST(Admission, OfConnections) {
    Door door({.connections = 2});
    Connection& first = door.enter();
    door.enter();
    EXPECT_EQ(door.admission->judge("any"), Verdict::ListenerIsFull);
    first.guest.leave();
    first.guest.leave();  // says nothing new
    EXPECT_EQ(door.admission->judge("any"), Verdict::Admit);
    door.enter();
    EXPECT_EQ(door.admission->judge("any"), Verdict::ListenerIsFull);
}

TEST(Admission, OfOnePeer) {
    Door door({.connections = 4, .perPeer = 2});
    EXPECT_TRUE(door.admission->tellsPeersApart());
    Connection& first = door.enter("a");
    door.enter("a");
    door.enter("b");
    EXPECT_EQ(door.admission->judge("a"), Verdict::PeerIsFull);
    EXPECT_EQ(door.admission->judge("b"), Verdict::Admit);
    EXPECT_EQ(door.admission->judge("c"), Verdict::Admit);
    first.guest.leave();
    EXPECT_EQ(door.admission->judge("a"), Verdict::Admit);
    door.enter("b");
    door.enter("c");
    EXPECT_EQ(door.admission->judge("a"), Verdict::ListenerIsFull) << "the listener's limit comes first";
}

TEST(Admission, OfHandshakesTheLongestHasToGo) {
    Door door({.handshakes = 2});
    Connection& first = door.enter();
    Connection& second = door.enter();
    Connection& third = door.enter();
    EXPECT_EQ(door.admission->longestWaiting(), &first);
    first.guest.stopWaiting();
    EXPECT_EQ(door.admission->longestWaiting(), nullptr);
    door.enter();
    EXPECT_EQ(door.admission->longestWaiting(), &second);
    third.guest.stopWaiting();
    EXPECT_EQ(door.admission->longestWaiting(), nullptr);
    EXPECT_EQ(door.admission->connections(), 4U);
}

TEST(Admission, WhoLeavesNoLongerWaits) {
    Door door({.handshakes = 1});
    Connection& first = door.enter();
    Connection& second = door.enter();
    EXPECT_EQ(door.admission->longestWaiting(), &first);
    first.guest.leave();
    EXPECT_EQ(door.admission->longestWaiting(), nullptr);
    door.enter();
    EXPECT_EQ(door.admission->longestWaiting(), &second);
}

TEST(Admission, GuestsMayOutliveTheListener) {
    Door door({.connections = 1, .perPeer = 1, .handshakes = 1});
    door.enter("a");
    const std::weak_ptr<Admission> observed = door.admission;
    door.admission.reset();
    EXPECT_FALSE(observed.expired());
    door.connections.clear();
    EXPECT_TRUE(observed.expired());
}

}  // namespace
}  // namespace tempeh::machines
