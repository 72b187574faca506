// Flows from many threads at once, and everything ended after the first, the second, every further event.

#include "support/flows_fixture.hpp"
#include "support/scale.hpp"
#include "support/tally.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <semaphore>
#include <thread>

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::Server;

/// Comes when the k-th event has happened.
class Moment {
public:
    explicit Moment(int count) : left_(count) {
        if (count == 0) reached_.release();
    }
    void happen() {
        if (--left_ == 0) reached_.release();
    }
    /// False: so many never came.
    bool wait() { return reached_.try_acquire_for(patience); }

private:
    std::atomic<int> left_;
    std::binary_semaphore reached_{0};
};

constexpr int lastFlowsMoment = isSanitized ? 10 : 30;
const Options hastyFlows{.lingerTimeout = 20ms};

/// What became of requests; each must end once.
struct Ends {
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> none{0};

    void expectAllEnded() const {
        EXPECT_EQ(begun, answered + failed);
        EXPECT_EQ(none, 0U) << "requests without an end";
    }
};

/// The ways in which a request may end when something is closed under it.
bool isEnd(const error_code& ec) {
    return ec == Status::ChannelClosed || ec == Status::Returned || ec == Status::ShutdownStarted ||
           ec == Status::PeerDisconnected || ec == Status::CommunicationFailed ||
           ec == asio::error::operation_aborted;
}

void askBlocking(BlockingPeer peer, Ends* ends, Moment* moment) {
    error_code ec;
    while (!ec) {
        MessagePtr request(new Message());
        request->body.append("x");
        ++ends->begun;
        try {
            const MessagePtr answer = peer.request(std::move(request), patience);
            ++(answer != nullptr ? ends->answered : ends->none);
        } catch (const Error& error) {
            ec = error.code();
            ++ends->failed;
            EXPECT_TRUE(isEnd(ec)) << ec.message();
        }
        moment->happen();
    }
}

template <typename Link>
asio::awaitable<void> ask(Link link, Ends* ends, Moment* moment) {
    error_code ec;
    while (!ec) {
        MessagePtr request(new Message());
        request->body.append("x");
        ++ends->begun;
        try {
            const MessagePtr answer = co_await link.request(std::move(request), patience);
            ++(answer != nullptr ? ends->answered : ends->none);
        } catch (const Error& error) {
            ec = error.code();
            ++ends->failed;
        }
        if (ec) {
            EXPECT_TRUE(isEnd(ec)) << ec.message();
        }
        moment->happen();
    }
}

asio::awaitable<void> uploadUntilTheEnd(Peer peer, Moment* moment) {
    const std::string value = pattern(100'000);
    error_code ec;
    while (!ec) {
        try {
            flows::StreamWriter writer(peer);
            co_await writer.write(value);
            const MessagePtr answer = co_await writer.answer(patience);
            EXPECT_EQ(answer->body.view(), std::to_string(checksum(value)));
        } catch (const Error& error) {
            ec = error.code();
        }
        if (ec) {
            EXPECT_TRUE(isEnd(ec)) << ec.message();
        }
        moment->happen();
    }
}

asio::awaitable<void> stop(Server* server, Duration deadline) {
    co_await server->stop(deadline);
}

class FlowsRaces : public ::testing::Test {
protected:
    struct Everything {
        explicit Everything(TallyBook& book)
            : pair([&book](Peer peer) { return book.serve(std::move(peer)); }, UdsServerAddress{}, {},
                   hastyFlows, hastyFlows) {}
        FlowsPair pair;
    };

    /// Everybody busy; `end` ends it all after the k-th event, for every k.
    template <typename End>
    void endAtEveryMoment(End end) {
        for (int k = 0; k <= lastFlowsMoment; ++k) {
            TallyBook book;
            Everything all(book);
            const Peer peer = all.pair.connect();
            const Peer other = all.pair.connect();
            const flows::Heartbeat heartbeat(peer, {.interval = 1ms, .silence = 1h});
            Ends ends;
            Moment moment(k);
            std::vector<std::thread> threads;
            for (int i = 0; i < 2; ++i)
                threads.emplace_back(askBlocking, BlockingPeer(peer), &ends, &moment);
            {
                std::vector<Running> coroutines;
                for (const asio::any_io_executor& executor :
                     {all.pair.clientReactor.executor(), asio::any_io_executor(pool_.get_executor())}) {
                    coroutines.emplace_back(executor, ask(peer, &ends, &moment));
                    coroutines.emplace_back(executor, ask(other, &ends, &moment));
                    coroutines.emplace_back(executor, uploadUntilTheEnd(other, &moment));
                }
                EXPECT_TRUE(moment.wait());
                end(all.pair, peer, other);
                coroutines.clear();
            }
            for (std::thread& thread : threads)
                thread.join();
            ends.expectAllEnded();
            EXPECT_FALSE(peer.isOpen());
        }
    }

    asio::thread_pool pool_{2};
};

TEST_F(FlowsRaces, PeersAbortedFromSeveralThreads) {
    endAtEveryMoment([](FlowsPair&, const Peer& peer, const Peer& other) {
        std::array<std::thread, 3> threads;
        for (std::thread& thread : threads)
            thread = std::thread([&] {
                peer.abort();
                other.abort();
            });
        for (std::thread& thread : threads)
            thread.join();
    });
}

TEST_F(FlowsRaces, PeersClosedFromSeveralThreads) {
    endAtEveryMoment([](FlowsPair&, const Peer& peer, const Peer& other) {
        std::array<std::thread, 2> threads;
        for (std::thread& thread : threads)
            thread = std::thread([&] {
                for (const Peer& each : {peer, other}) {
                    try {
                        BlockingPeer(each).close();
                    } catch (const Error& error) {
                        EXPECT_TRUE(isEnd(error.code())) << error.what();
                    }
                }
            });
        for (std::thread& thread : threads)
            thread.join();
    });
}

TEST_F(FlowsRaces, ServersStoppedFromSeveralThreads) {
    endAtEveryMoment([this](FlowsPair& pair, const Peer&, const Peer&) {
        std::vector<Running> stops;
        for (int i = 0; i < 3; ++i)
            stops.emplace_back(pool_.get_executor(), stop(&*pair.server, i == 0 ? Duration(0s) : patience));
    });
}

TEST_F(FlowsRaces, ServersDestroyed) {
    endAtEveryMoment([](FlowsPair& pair, const Peer&, const Peer&) { pair.server.reset(); });
}

TEST_F(FlowsRaces, EnginesShutDownFromSeveralThreads) {
    for (const bool isServers : {true, false}) {
        endAtEveryMoment([isServers](FlowsPair& pair, const Peer&, const Peer&) {
            std::array<std::thread, 2> threads;
            for (std::thread& thread : threads)
                thread = std::thread(
                    [&] { (isServers ? pair.serverReactor : pair.clientReactor).shutdown(patience); });
            for (std::thread& thread : threads)
                thread.join();
        });
    }
}

/// A link used from everywhere while its server comes and goes.
TEST_F(FlowsRaces, ALinkUsedByManyThreadsAndClosedAtEveryMoment) {
    const std::string path = temporaryUdsPath();
    for (int k = 0; k <= lastFlowsMoment; ++k) {
        Reactor serverReactor(hastyFlows);
        Reactor clientReactor(hastyFlows);
        TallyBook book;
        std::atomic<bool> isStopping{false};
        std::thread comesAndGoes([&] {
            while (!isStopping) {
                Server server(serverReactor, {UdsServerAddress{path}});
                server.addresses();
                Running serving(serverReactor.executor(),
                                server.serve([&book](Peer peer) { return book.serve(std::move(peer)); }));
                const std::uint64_t accepted = serverReactor.stats().received.messages;
                while (!isStopping && serverReactor.stats().received.messages < accepted + 20)
                    std::this_thread::yield();
                run(serverReactor.executor(), stop(&server, patience));
            }
        });
        ReconnectingPeer link(clientReactor, UdsClientAddress{path},
                              {.backoff = {.initial = 1ms, .max = 2ms},
                               .unanswered = flows::Unanswered::SendAgain,
                               .heartbeat = {.interval = 1ms, .silence = 1h}});
        Ends ends;
        Moment moment(k);
        {
            std::vector<Running> coroutines;
            for (const asio::any_io_executor& executor :
                 {clientReactor.executor(), asio::any_io_executor(pool_.get_executor())})
                for (int i = 0; i < 3; ++i)
                    coroutines.emplace_back(executor, ask(link, &ends, &moment));
            EXPECT_TRUE(moment.wait());
            run(pool_.get_executor(),
                [](ReconnectingPeer closed) -> asio::awaitable<void> { co_await closed.close(); }(link));
        }
        ends.expectAllEnded();
        const flows::ReconnectCounters counters = link.counters();
        EXPECT_EQ(counters.requests, ends.begun);
        EXPECT_EQ(counters.requests, counters.answered + counters.failed + counters.timedOut);
        isStopping = true;
        comesAndGoes.join();
    }
}

/// Connecting from many threads while the server stops.
TEST_F(FlowsRaces, ConnectsWhileTheServerStops) {
    for (int k = 0; k <= lastFlowsMoment; ++k) {
        Reactor serverReactor(hastyFlows);
        Reactor clientReactor(hastyFlows);
        std::optional<Server> server(std::in_place, serverReactor, std::vector<Address>{localTcp()});
        const Address address = server->addresses().front();
        TallyBook book;
        Running serving(serverReactor.executor(),
                        server->serve([&book](Peer peer) { return book.serve(std::move(peer)); }));
        Moment moment(k);
        std::atomic<bool> isStopping{false};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                while (!isStopping) {
                    try {
                        const BlockingPeer peer = flows::connectBlocking(clientReactor, address);
                        peer.request(peer.newMessage(OpCode::Request, "hi"), patience);
                    } catch (const Error&) {
                        std::this_thread::yield();  // refused or cut: what a server that stops does
                    }
                    moment.happen();
                }
            });
        }
        EXPECT_TRUE(moment.wait());
        run(serverReactor.executor(), stop(&*server, patience));
        isStopping = true;
        for (std::thread& thread : threads)
            thread.join();
        serving.join();
        EXPECT_EQ(server->counters().peers, 0U);
    }
}

}  // namespace
}  // namespace tempeh::test
