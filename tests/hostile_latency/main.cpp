// How long a well-behaved peer waits for its answers while others are a nuisance to the same server: round
// trips quiet and under attack, server and nuisances in processes of their own.

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr const char* usage =
    "Usage: hostile_latency [--kind NAME[,NAME...]|--each] [--seconds N] [--rounds N] [--unix] [--pace US]\n"
    "                       [--server-cpu N] [--client-cpu N] [--hostile-cpu N] [--hostile-peer PATH]\n"
    "\n"
    "Measures round trips of 64 bytes of a well-behaved client, in turn quiet and while hostile_peer rages, "
    "and\n"
    "prints p50, p99 and the ratio of each round. Exit status 1 when the median ratio of p99 is above "
    "--goal.\n"
    "\n"
    "  --kind         of hostile_peer; default all at once; --each: one after the other\n"
    "  --seconds      of each half of a round; default 5\n"
    "  --rounds       default 3\n"
    "  --unix         over a Unix socket instead of TCP on loopback\n"
    "  --pace         microseconds between two questions; default 1000; 0: as fast as answers come\n"
    "  --*-cpu        pins the processes; default: anywhere. The nuisances run at the lowest niceness.\n"
    "  --goal         default 3; 0: none\n";

struct Arguments {
    std::string kinds = "all";
    bool each = false;
    double seconds = 5;
    int rounds = 3;
    bool isUnix = false;
    std::chrono::microseconds pace{1000};
    int serverCpu = -1;
    int clientCpu = -1;
    int hostileCpu = -1;
    double goal = 3;
    std::string hostilePeer;
};

[[noreturn]] void refuse(const std::string& what) {
    fmt::print(stderr, "hostile_latency: {}\n{}", what, usage);
    std::exit(2);
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    const std::string self = argv[0];
    arguments.hostilePeer = self.substr(0, self.rfind('/') + 1) + "hostile_peer";
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--help") {
            fmt::print("{}", usage);
            std::exit(0);
        }
        if (name == "--each" || name == "--unix") {
            (name == "--each" ? arguments.each : arguments.isUnix) = true;
            continue;
        }
        if (i + 1 == argc) refuse("no value for " + name);
        const char* const value = argv[++i];
        if (name == "--kind")
            arguments.kinds = value;
        else if (name == "--seconds")
            arguments.seconds = std::atof(value);
        else if (name == "--rounds")
            arguments.rounds = std::atoi(value);
        else if (name == "--pace")
            arguments.pace = std::chrono::microseconds(std::atoi(value));
        else if (name == "--server-cpu")
            arguments.serverCpu = std::atoi(value);
        else if (name == "--client-cpu")
            arguments.clientCpu = std::atoi(value);
        else if (name == "--hostile-cpu")
            arguments.hostileCpu = std::atoi(value);
        else if (name == "--goal")
            arguments.goal = std::atof(value);
        else if (name == "--hostile-peer")
            arguments.hostilePeer = value;
        else
            refuse("unknown argument: " + name);
    }
    return arguments;
}

void pin(int cpu) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

// --- The server ---

boost::asio::awaitable<void> echo(tempeh::Reactor& reactor, tempeh::Address where, int out) {
    tempeh::ChannelGroup group = reactor.createGroup();
    tempeh::MessagePtr welcome = reactor.get();
    tempeh::format(where, *welcome);
    group.post(std::move(welcome));
    for (;;) {
        tempeh::MessagePtr message = co_await group.waitReceive();
        if (message->header.opCode == tempeh::OpCode::WelcomeResponse) {
            const std::string bound(message->textHeaders.find("~listen_on").value_or(""));
            if (::write(out, bound.c_str(), bound.size() + 1) < 0) std::abort();
            continue;
        }
        if (message->isFromEngine()) continue;
        if (message->header.opCode == tempeh::OpCode::HelloRequest)
            message->header.opCode = tempeh::OpCode::HelloResponse;
        else if (message->header.opCode == tempeh::OpCode::Request)
            message->header.opCode = tempeh::OpCode::Response;
        else
            continue;
        tempeh::error_code ec;
        group.post(std::move(message), ec);  // SendQueueFull: who does not read gets nothing
    }
}

/// Until its parent closes the pipe `in`; then it says what the engine counted.
[[noreturn]] void serve(const Arguments& arguments, int in, int out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(arguments.serverCpu);
    {
        tempeh::Reactor reactor(
            tempeh::Options{.logger = spdlog::create<spdlog::sinks::null_sink_mt>("server")});
        const tempeh::Address where = arguments.isUnix ? tempeh::Address(tempeh::UdsServerAddress{})
                                                       : tempeh::TcpServerAddress{"127.0.0.1", 0};
        boost::asio::co_spawn(reactor.executor(), echo(reactor, where, out), boost::asio::detached);
        char ignored = 0;
        while (::read(in, &ignored, 1) > 0) {
        }
        const tempeh::EngineStats stats = reactor.stats();
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        fmt::print(
            "server: {} accepted, {} violations, {} hello timeouts, {} frame timeouts, {} dropped "
            "handshakes, {} accept failures; {} MiB at most\n",
            stats.accepted, stats.violations, stats.helloTimeouts, stats.frameTimeouts,
            stats.droppedHandshakes, stats.acceptFailures, used.ru_maxrss / 1024);
        std::fflush(stdout);
    }
    std::_Exit(0);
}

/// A process with a server.
class Server {
public:
    explicit Server(const Arguments& arguments) {
        int control[2];
        int answer[2];
        if (::pipe(control) != 0 || ::pipe(answer) != 0) refuse("no pipe");
        std::fflush(stdout);
        id_ = ::fork();
        if (id_ == 0) {
            ::close(control[1]);
            serve(arguments, control[0], answer[1]);
        }
        ::close(control[0]);
        ::close(answer[1]);
        control_ = control[1];
        for (char one = 1; ::read(answer[0], &one, 1) == 1 && one != '\0';)
            address += one;
        ::close(answer[0]);
        if (address.empty()) refuse("no server");
    }
    ~Server() {
        ::close(control_);
        ::waitpid(id_, nullptr, 0);
    }

    std::string address;  ///< As hostile_peer wants it.

private:
    pid_t id_ = -1;
    int control_ = -1;
};

// --- The client ---

struct Round {
    double p50 = 0;
    double p99 = 0;
    double most = 0;
    std::size_t trips = 0;
};

class Client {
public:
    explicit Client(const std::string& address)
        : group_(reactor_.createGroup()), channels_(group_.blocking()) {
        tempeh::MessagePtr hello = reactor_.get();
        const std::size_t bar = address.rfind('|');
        if (address.starts_with("uds|"))
            tempeh::UdsClientAddress{address.substr(4)}.format(*hello);
        else
            tempeh::TcpClientAddress{"127.0.0.1",
                                     static_cast<std::uint16_t>(std::atoi(address.c_str() + bar + 1))}
                .format(*hello);
        channel_ = channels_.post(std::move(hello)).channelNumber;
        channels_.waitReceive();
    }

    Round measure(double seconds, std::chrono::microseconds pace) {
        std::vector<double> times;
        const auto end = Clock::now() + std::chrono::duration<double>(seconds);
        for (auto next = Clock::now(); next < end; next = std::max(next + pace, Clock::now())) {
            std::this_thread::sleep_until(next);
            times.push_back(roundTrip());
        }
        std::ranges::sort(times);
        const auto at = [&](double share) {
            return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
        };
        return {at(0.5), at(0.99), times.back(), times.size()};
    }

private:
    double roundTrip() {
        tempeh::MessagePtr message = reactor_.get();
        message->header.opCode = tempeh::OpCode::Request;
        message->header.channelNumber = channel_;
        message->body.append(
            std::string_view("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
        const auto start = Clock::now();
        channels_.post(std::move(message));
        const tempeh::MessagePtr answer = channels_.waitReceive();
        const auto end = Clock::now();
        if (answer->header.opCode != tempeh::OpCode::Response) {
            fmt::print(stderr, "instead of an answer: {}\n", tempeh::dump(*answer));
            std::exit(1);
        }
        return Microseconds(end - start).count();
    }

    tempeh::Reactor reactor_;
    tempeh::ChannelGroup group_;
    tempeh::BlockingChannelGroup channels_;
    tempeh::ChannelNumber channel_ = 0;
};

pid_t startHostile(const Arguments& arguments, const std::string& kinds, const std::string& address,
                   double seconds) {
    const std::string duration = std::to_string(seconds);
    std::fflush(stdout);
    const pid_t id = ::fork();
    if (id != 0) return id;
    pin(arguments.hostileCpu);
    if (::nice(19) < 0) std::_Exit(127);
    ::execl(arguments.hostilePeer.c_str(), "hostile_peer", "--quiet", "--address", address.c_str(), "--kind",
            kinds.c_str(), "--seconds", duration.c_str(), nullptr);
    std::_Exit(127);
}

/// The median ratio of p99.
double compare(const Arguments& arguments, const std::string& kinds) {
    std::vector<double> ratios;
    const Server server(arguments);
    pin(arguments.clientCpu);
    Client client(server.address);
    client.measure(std::min(1.0, arguments.seconds), arguments.pace);  // warms up
    for (int round = 0; round < arguments.rounds; ++round) {
        const Round quiet = client.measure(arguments.seconds, arguments.pace);
        const pid_t hostile = startHostile(arguments, kinds, server.address, arguments.seconds + 1);
        std::this_thread::sleep_for(500ms);  // until all of them are at it
        const Round loud = client.measure(arguments.seconds, arguments.pace);
        int status = 0;
        ::waitpid(hostile, &status, 0);
        if (status != 0) refuse("cannot run " + arguments.hostilePeer);
        ratios.push_back(loud.p99 / quiet.p99);
        fmt::print(
            "{:<12} quiet p50 {:7.1f} us  p99 {:7.1f} us  max {:8.1f} us ({} trips)   under attack p50 "
            "{:7.1f} us  p99 {:7.1f} us  max {:8.1f} us ({} trips)   p99 x {:.2f}\n",
            kinds.size() > 12 ? "several" : kinds, quiet.p50, quiet.p99, quiet.most, quiet.trips, loud.p50,
            loud.p99, loud.most, loud.trips, ratios.back());
        std::fflush(stdout);
        std::this_thread::sleep_for(1s);  // what was left behind is cleared away
    }
    std::ranges::sort(ratios);
    return ratios[ratios.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    std::vector<std::string> all{arguments.kinds};
    if (arguments.each)
        all = {"silence", "slow-hello",  "slow-frame", "slow-reader", "half-open", "hold-frame",
               "resets",  "byes",        "nonsense",   "garbage",     "lengths",   "unasked",
               "flood",   "hello-storm", "stopped",    "killed"};
    bool isGood = true;
    for (const std::string& kinds : all) {
        const double ratio = compare(arguments, kinds);
        fmt::print("{}: p99 under attack is {:.2f} times the quiet one (median of {} rounds)\n", kinds, ratio,
                   arguments.rounds);
        isGood = isGood && (arguments.goal <= 0 || ratio <= arguments.goal);
    }
    return isGood ? 0 : 1;
}
