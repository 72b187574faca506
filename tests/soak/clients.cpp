// The well-behaved clients: coroutines, threads, streams, links through a relay that cuts, groups that come
// and go. All in one process, so that its memory and descriptors are watched too.

#include "soak/soak.hpp"
#include "soak/workers.hpp"
#include "support/relay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <future>
#include <iostream>
#include <list>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

namespace tempeh::soak {

using namespace std::chrono_literals;

namespace {

class Clients {
public:
    explicit Clients(const Arguments& arguments)
        : seed_(arguments.seed)
        , tcp_(TcpClientAddress{"127.0.0.1", arguments.port})
        , unix_(UdsClientAddress{arguments.path})
        , relay_({.port = arguments.port})
        , unixRelay_({.path = arguments.path}, test::Place{.path = arguments.path + ".relay"}.path)
        , cutTcp_(TcpClientAddress{"127.0.0.1", relay_.place().port})
        , cutUnix_(UdsClientAddress{unixRelay_.place().path}) {}

    void start() {
        for (const auto& [name, address] :
             {std::pair("coroutine_tcp", tcp_), std::pair("coroutine_uds", unix_)})
            addCoroutines(name, address);
        addBlocking("blocking_uds", unix_);
        addBlocking("blocking_tcp", tcp_);
        addStreams("stream_tcp", tcp_, false);
        addStreams("stream_cut_tcp", cutTcp_, true);
        addStreams("stream_cut_uds", cutUnix_, true);
        addLink("link_fail_tcp", cutTcp_, flows::Unanswered::Fail);
        addLink("link_again_tcp", cutTcp_, flows::Unanswered::SendAgain);
        addLink("link_fail_uds", cutUnix_, flows::Unanswered::Fail);
        addChurn("churn_tcp", tcp_, false);
        addChurn("churn_uds", unix_, false);
        addChurn("churn_cut_tcp", cutTcp_, true);
        threads_.emplace_back([this] { spoil(); });
    }

    void stop() {
        isStopping_ = true;
        for (std::thread& thread : threads_)
            thread.join();
        for (std::future<void>& coroutine : coroutines_)
            coroutine.get();
        // Closed one after the other, so that what was sent last arrives.
        for (flows::Peer& peer : peers_)
            asio::co_spawn(reactor_.executor(), close(peer), asio::use_future).get();
        peers_.clear();
        links_.clear();
    }

    void printNow() const {
        std::ostringstream line;
        line << "now asked=" << sum(&Account::asked) << " answered=" << sum(&Account::answered)
             << " failed=" << sum(&Account::failed) << " lost=" << sum(&Account::lost)
             << " wrong=" << sum(&Account::wrong) << " cuts=" << relay_.cuts() + unixRelay_.cuts()
             << " groups=" << sum(&Account::reconnects) << '\n';
        std::cout << line.str() << std::flush;
    }
    void printEnd() {
        for (const Account& account : accounts_) {
            std::cout << "account name=" << account.name << " asked=" << account.asked
                      << " answered=" << account.answered << " failed=" << account.failed
                      << " lost=" << account.lost << " wrong=" << account.wrong
                      << " signals=" << account.signals << " sent_again=" << account.sentAgain
                      << " reconnects=" << account.reconnects << '\n';
        }
        const ShutdownReport report = reactor_.shutdown(10s);
        const EngineStats stats = reactor_.stats();
        std::cout << "end channels=" << stats.channels << " pool_outstanding=" << stats.pool.outstanding
                  << " violations=" << stats.violations << " complete=" << report.complete << '\n'
                  << std::flush;
    }

private:
    static asio::awaitable<void> close(flows::Peer peer) { co_await peer.close(); }

    template <typename Member>
    std::uint64_t sum(Member member) const {
        std::uint64_t total = 0;
        for (const Account& account : accounts_)
            total += account.*member;
        return total;
    }

    Worker makeWorker(Account& account) { return {&account, &isStopping_, ++seed_}; }
    Account& addAccount(const std::string& name, bool mayFail = false) {
        Account& account = accounts_.emplace_back(name);
        account.mayFail = mayFail;
        return account;
    }
    void spawn(asio::awaitable<void> body) {
        coroutines_.push_back(asio::co_spawn(reactor_.executor(), std::move(body), asio::use_future));
    }
    flows::BlockingPeer connect(const Account& account, const Address& address) {
        const std::array<TextHeader, 1> headers{TextHeader{test::clientHeader, account.name}};
        flows::BlockingPeer peer = flows::connectBlocking(reactor_, address, {.headers = headers});
        peers_.push_back(peer.peer());
        return peer;
    }

    void addCoroutines(const std::string& name, const Address& address) {
        Account& account = addAccount(name);
        const flows::Peer peer = connect(account, address).peer();
        for (int i = 0; i < 4; ++i)
            spawn(ask(peer, makeWorker(account), 5ms));
        spawn(signal(peer, makeWorker(account), 5ms));
    }
    void addBlocking(const std::string& name, const Address& address) {
        Account& account = addAccount(name);
        const flows::BlockingPeer peer = connect(account, address);
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([peer, worker = makeWorker(account)] { askBlocking(peer, worker, 5ms); });
    }
    void addStreams(const std::string& name, const Address& address, bool isCut) {
        spawn(stream(&reactor_, address, makeWorker(addAccount(name, isCut)), 200ms));
    }
    void addLink(const std::string& name, const Address& address, flows::Unanswered unanswered) {
        Account& account = addAccount(name, true);
        const std::array<TextHeader, 1> headers{TextHeader{test::clientHeader, account.name}};
        flows::ReconnectOptions options{.backoff = {.initial = 5ms, .max = 200ms}, .unanswered = unanswered};
        options.headers = headers;
        const flows::ReconnectingPeer& link = links_.emplace_back(reactor_, address, options);
        for (int i = 0; i < 4; ++i)
            spawn(askAgainAndAgain(link, makeWorker(account), 10ms));
    }
    void addChurn(const std::string& name, const Address& address, bool isCut) {
        threads_.emplace_back([this, address, worker = makeWorker(addAccount(name, isCut))] {
            churn(&reactor_, address, worker);
        });
    }

    /// What the relays do to the connections through them, until the end; then they let everything pass.
    void spoil() {
        std::mt19937_64 dice(seed_);
        const auto paceOf = [&dice]() -> test::Pace {
            switch (dice() % 6) {
                case 0:
                    return {.delay = std::chrono::microseconds(dice() % 20'000)};
                case 1:
                    return {.chunkBytes = 1 + dice() % 50};
                case 2:
                    return {.bytesPerSecond = 200'000 + dice() % 2'000'000};
                case 3:
                    return {.isStalled = true};
                default:
                    return {};
            }
        };
        while (!isStopping_) {
            for (test::Relay* relay : {&relay_, &unixRelay_}) {
                for (const test::Way way : {test::Way::ToServer, test::Way::ToClient})
                    relay->setPace(way, paceOf());
                if (dice() % 2 == 0) relay->cut(dice() % 2 == 0 ? test::Cut::Close : test::Cut::Reset);
                if (dice() % 8 == 0)
                    relay->cut(test::Cut::HalfClose,
                               dice() % 2 == 0 ? test::Way::ToServer : test::Way::ToClient);
                if (dice() % 4 == 0)
                    relay->cutAfter(dice() % 100'000, test::Cut::Reset,
                                    dice() % 2 == 0 ? test::Way::ToServer : test::Way::ToClient);
                else
                    relay->cutAfter(std::nullopt);
                relay->setRefusing(dice() % 10 == 0);
            }
            for (std::uint64_t i = 0; i < 5 + dice() % 10 && !isStopping_; ++i)
                std::this_thread::sleep_for(100ms);
        }
        for (test::Relay* relay : {&relay_, &unixRelay_}) {
            for (const test::Way way : {test::Way::ToServer, test::Way::ToClient})
                relay->setPace(way, {});
            relay->cutAfter(std::nullopt);
            relay->setRefusing(false);
        }
    }

    std::uint64_t seed_;
    const Address tcp_;
    const Address unix_;
    test::Relay relay_;
    test::Relay unixRelay_;
    const Address cutTcp_;
    const Address cutUnix_;
    StopFlag isStopping_{false};
    std::list<Account> accounts_;
    Reactor reactor_;
    std::list<flows::ReconnectingPeer> links_;
    std::vector<flows::Peer> peers_;
    std::vector<std::future<void>> coroutines_;
    std::vector<std::thread> threads_;
};

}  // namespace

int runClients(const Arguments& arguments) {
    Clients clients(arguments);
    clients.start();
    while (!isToldToStop(1s))
        clients.printNow();
    clients.stop();
    clients.printEnd();
    return 0;
}

}  // namespace tempeh::soak
