// A server process that is killed again and again under load: every request is answered or failed, exactly
// once.

#include "support/flows_fixture.hpp"
#include "support/scale.hpp"

#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unordered_map>

extern char** environ;

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::ReconnectingPeer;
using flows::ReconnectOptions;
using flows::Unanswered;

/// Makes this program a server instead of a test: where it serves.
constexpr const char* serveVariable = "TEMPEH_TEST_SERVE";

[[noreturn]] void serveForEver(const std::string& address) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Reactor reactor;
    Address where;
    if (address.starts_with("/"))
        where = UdsServerAddress{address};
    else
        where = TcpServerAddress{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(address))};
    flows::Server server(reactor, {where});
    const Running serving(reactor.executor(), server.serve(echo));
    for (;;)
        ::pause();
}

class ServerEnvironment final : public ::testing::Environment {
public:
    void SetUp() override {
        if (const char* const address = std::getenv(serveVariable)) serveForEver(address);
    }
};

[[maybe_unused]] const ::testing::Environment* const serverEnvironment =
    ::testing::AddGlobalTestEnvironment(new ServerEnvironment());

/// A server in a process of its own.
class ServerProcess {
public:
    explicit ServerProcess(const std::string& address) {
        const std::string setting = std::string(serveVariable) + "=" + address;
        std::vector<char*> environment;
        for (char** variable = environ; *variable != nullptr; ++variable)
            environment.push_back(*variable);
        environment.push_back(const_cast<char*>(setting.c_str()));
        environment.push_back(nullptr);
        char name[] = "server";
        char* const arguments[] = {name, nullptr};
        const int failure =
            ::posix_spawn(&pid_, "/proc/self/exe", nullptr, nullptr, arguments, environment.data());
        if (failure != 0) throw std::runtime_error("no server process");
    }
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = -1;
};

/// What became of the requests of all workers; the client's executor alone writes it.
struct Outcomes {
    std::unordered_map<std::uint64_t, int> ends;  // by request: how often it ended
    std::uint64_t asked = 0;
    std::atomic<std::uint64_t> answered{0};
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    std::atomic<bool> isOver{false};
};

asio::awaitable<void> work(ReconnectingPeer link, Outcomes* outcomes) {
    while (!outcomes->isOver) {
        const std::uint64_t number = ++outcomes->asked;
        const std::string text = std::to_string(number);
        MessagePtr question = link.newMessage(OpCode::Request, text);
        try {
            const MessagePtr answer = co_await link.request(std::move(question), patience);
            const bool isRight = answer != nullptr && answer->body.view() == text;
            if (isRight)
                ++outcomes->answered;
            else
                ++outcomes->wrong;
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), Status::ChannelClosed) << error.what();
            ++outcomes->failed;
        }
        ++outcomes->ends[number];
    }
}

asio::awaitable<void> workTogether(ReconnectingPeer link, int workers, Outcomes* outcomes) {
    std::atomic<int> running{workers};
    const auto one = [](ReconnectingPeer shared, Outcomes* tally,
                        std::atomic<int>* left) -> asio::awaitable<void> {
        co_await work(shared, tally);
        --*left;
    };
    for (int i = 0; i < workers; ++i)
        asio::co_spawn(link.executor(), one(link, outcomes, &running), asio::detached);
    while (running > 0)
        co_await link.sleep(1ms);
}

class FlowsRestart : public ::testing::Test {
protected:
    void killUnderLoad(const std::string& serveAt, const Address& address, Unanswered unanswered) {
        const std::uint64_t kills = fromEnvironment("TEMPEH_KILLS", scaled(50));
        Reactor client;
        const ReconnectOptions options{.backoff = {.initial = 1ms, .max = 20ms}, .unanswered = unanswered};
        const ReconnectingPeer link(client, address, options);
        Running working(client.executor(), workTogether(link, 32, &outcomes_));
        for (std::uint64_t i = 0; i < kills; ++i) {
            const ServerProcess server(serveAt);
            const std::uint64_t before = outcomes_.answered;
            ASSERT_TRUE(eventually([&] { return outcomes_.answered >= before + 200; })) << "restart " << i;
        }
        const ServerProcess last(serveAt);
        const std::uint64_t before = outcomes_.answered;
        ASSERT_TRUE(eventually([&] { return outcomes_.answered > before; }));
        outcomes_.isOver = true;
        working.join();
        counters_ = link.counters();
        expectExactlyOnce(kills);
    }

    void expectExactlyOnce(std::uint64_t kills) const {
        EXPECT_EQ(outcomes_.ends.size(), outcomes_.asked);
        for (const auto& [number, times] : outcomes_.ends)
            ASSERT_EQ(times, 1) << "request " << number;
        EXPECT_EQ(outcomes_.wrong, 0U);
        EXPECT_EQ(outcomes_.answered + outcomes_.failed, outcomes_.asked);
        EXPECT_EQ(counters_.requests, outcomes_.asked);
        EXPECT_EQ(counters_.answered, outcomes_.answered);
        EXPECT_EQ(counters_.failed, outcomes_.failed);
        EXPECT_EQ(counters_.losses, kills);
        EXPECT_EQ(counters_.connects, kills + 1);
        fmt::print("{} kills: {} requests, {} answered, {} failed, {} sent again\n", kills, outcomes_.asked,
                   outcomes_.answered.load(), outcomes_.failed, counters_.sentAgain);
    }

    Outcomes outcomes_;
    flows::ReconnectCounters counters_;
};

TEST_F(FlowsRestart, EveryRequestIsAnsweredOrFailedOnce) {
    const std::string path = temporaryUdsPath();
    killUnderLoad(path, UdsClientAddress{path}, Unanswered::Fail);
    EXPECT_GT(outcomes_.failed, 0U) << "hardly any load";
}

TEST_F(FlowsRestart, EveryRequestIsAnsweredOnceWhenSentAgain) {
    const std::string path = temporaryUdsPath();
    killUnderLoad(path, UdsClientAddress{path}, Unanswered::SendAgain);
    EXPECT_EQ(outcomes_.failed, 0U);
    EXPECT_GT(counters_.sentAgain, 0U) << "hardly any load";
}

TEST_F(FlowsRestart, EveryRequestIsAnsweredOrFailedOnceOverTcp) {
    const std::uint16_t port = findFreeTcpPort();
    killUnderLoad(std::to_string(port), TcpClientAddress{"127.0.0.1", port}, Unanswered::Fail);
}

}  // namespace
}  // namespace tempeh::test
