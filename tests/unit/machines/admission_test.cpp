#include "machines/admission.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace tempeh::machines {
namespace {

using Verdict = Admission::Verdict;

struct Connection final : Admission::Owner {
    void makeRoomForNewer() noexcept override { guest.leave(); }
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
    EXPECT_TRUE(door.admission->hasRoom());
    EXPECT_EQ(door.admission->takeOverdue(), nullptr);
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

TEST(Admission, OfOnePeersHandshakes) {
    Door door({.handshakesPerPeer = 2});
    EXPECT_TRUE(door.admission->tellsPeersApart());
    Connection& first = door.enter("a");
    Connection& second = door.enter("a");
    EXPECT_EQ(door.admission->judge("a"), Verdict::PeerIsSilent);
    EXPECT_EQ(door.admission->judge("b"), Verdict::Admit);
    first.guest.stopWaiting();
    EXPECT_EQ(door.admission->judge("a"), Verdict::Admit);
    door.enter("a");
    EXPECT_EQ(door.admission->judge("a"), Verdict::PeerIsSilent);
    second.guest.leave();
    first.guest.leave();
    EXPECT_EQ(door.admission->judge("a"), Verdict::Admit);
    EXPECT_TRUE(door.admission->hasRoom()) << "the listener has no limit of its own";
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

void tick(Admission& admission, unsigned times) {
    for (unsigned i = 0; i != times; ++i)
        admission.tick();
}

TEST(Admission, OfHandshakesTheSilentOnesGoInTheirOrderWhenTheyHadTheirTime) {
    Door door({.handshakes = 2});
    Connection& first = door.enter();
    EXPECT_TRUE(door.admission->hasRoom());
    tick(*door.admission, Admission::patience);
    EXPECT_EQ(door.admission->takeOverdue(), nullptr) << "there is room";
    Connection& second = door.enter();
    EXPECT_FALSE(door.admission->hasRoom());
    EXPECT_EQ(door.admission->takeOverdue(), &first);
    EXPECT_TRUE(door.admission->hasRoom());
    door.enter();
    tick(*door.admission, Admission::patience - 1);
    EXPECT_EQ(door.admission->takeOverdue(), nullptr) << "the second has a tick left";
    tick(*door.admission, 1);
    EXPECT_EQ(door.admission->takeOverdue(), &second);
    EXPECT_EQ(door.admission->connections(), 3U) << "whoever has to go is there until it is gone";
}

TEST(Admission, AHerdThatTalksIsLetInAtItsPace) {
    constexpr std::size_t handshakes = 8;
    Door door({.handshakes = handshakes});
    for (std::size_t i = 0; i != handshakes; ++i)
        door.enter();
    std::size_t next = 0;
    for (int look = 0; look != 100; ++look) {
        for (std::size_t i = 0; i != handshakes / 4; ++i) {
            door.connections[next++].guest.stopWaiting();
            door.enter();
        }
        tick(*door.admission, Admission::patience);
        EXPECT_EQ(door.admission->takeOverdue(), nullptr) << "hellos make room";
    }
    door.connections[next].guest.stopWaiting();
    door.enter();
    tick(*door.admission, Admission::patience);
    EXPECT_NE(door.admission->takeOverdue(), nullptr) << "one in a while makes none";
}

TEST(Admission, WhoHasToGoIsNoSignOfLife) {
    constexpr std::size_t handshakes = 8;
    Door door({.handshakes = handshakes});
    for (std::size_t i = 0; i != handshakes; ++i)
        door.enter();
    for (int look = 0; look != 3; ++look) {
        tick(*door.admission, Admission::patience);
        for (std::size_t i = 0; i != handshakes; ++i) {
            Admission::Owner* const silent = door.admission->takeOverdue();
            ASSERT_NE(silent, nullptr) << look;
            silent->makeRoomForNewer();
            door.enter();
        }
        EXPECT_EQ(door.admission->takeOverdue(), nullptr);
    }
}

TEST(Admission, TellsWhenThereIsRoom) {
    struct Listener final : Admission::Watcher {
        void onRoom() noexcept override { ++told; }
        int told = 0;
    } listener;
    Door door({.handshakes = 2});
    door.admission->watch(&listener);
    Connection& first = door.enter();
    Connection& second = door.enter();
    first.guest.stopWaiting();
    first.guest.stopWaiting();
    EXPECT_EQ(listener.told, 1);
    second.guest.leave();
    EXPECT_EQ(listener.told, 2);
    Connection& third = door.enter();
    door.admission->watch(nullptr);
    third.guest.leave();
    EXPECT_EQ(listener.told, 2);
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

TEST(Admission, CountsNothingOnceTheListenerHasEnded) {
    Door door({.connections = 2, .perPeer = 2, .handshakes = 2});
    Connection& silent = door.enter("a");
    Connection& heard = door.enter("a");
    heard.guest.stopWaiting();
    door.admission->close();
    silent.guest.stopWaiting();
    silent.guest.leave();
    heard.guest.leave();
    EXPECT_EQ(door.admission->connections(), 2U);
}

TEST(Admission, AGuestElsewhereSaysWhatBecomesOfIt) {
    struct Recorder final : Admission::Relay {
        void onStoppedWaiting() noexcept override { ++stopped; }
        void onLeft() noexcept override { ++left; }
        int stopped = 0;
        int left = 0;
    };
    const auto relay = std::make_shared<Recorder>();
    {
        Admission::Guest guest;
        guest.relayTo(relay);
        guest.stopWaiting();
        guest.stopWaiting();
        EXPECT_EQ(relay->stopped, 1);
        EXPECT_EQ(relay->left, 0);
    }
    EXPECT_EQ(relay->left, 1);
    Admission::Guest silent;
    silent.relayTo(relay);
    silent.leave();
    silent.leave();
    EXPECT_EQ(relay->stopped, 1);
    EXPECT_EQ(relay->left, 2);
    EXPECT_EQ(relay.use_count(), 1);
}

}  // namespace
}  // namespace tempeh::machines
