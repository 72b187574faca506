#include "faults/campaign.hpp"

#include "support/scale.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tempeh::faults {

namespace {

constexpr unsigned secondsPerRun = 60;
constexpr std::uint64_t mostCalls = 100'000;

char running[512] = "";

void sayWhatRan(int signal) {
    const char* const what = signal == SIGALRM ? "hangs" : "crashes";
    for (const char* part :
         {"\nfault injection: ", static_cast<const char*>(running), ": the run ", what, "\n"})
        if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

void watch(const std::string& name, const Fault& fault) {
    std::snprintf(running, sizeof running, "%s, %s", name.c_str(), describe(fault).c_str());
    std::signal(SIGALRM, sayWhatRan);
    std::signal(SIGABRT, sayWhatRan);
    std::signal(SIGSEGV, sayWhatRan);
    ::alarm(secondsPerRun);
}

void unwatch() {
    ::alarm(0);
    std::signal(SIGABRT, SIG_DFL);
    std::signal(SIGSEGV, SIG_DFL);
}

std::vector<Kind> kindsBetween(std::size_t first, std::size_t end) {
    std::vector<Kind> some;
    for (std::size_t i = first; i < end; ++i)
        some.push_back(static_cast<Kind>(i));
    return some;
}

}  // namespace

std::span<const Kind> systemCalls() noexcept {
    static const std::vector<Kind> some = kindsBetween(1, systemKinds);
    return some;
}

std::span<const Kind> transportCalls() noexcept {
    static const std::vector<Kind> some = kindsBetween(systemKinds, kinds);
    return some;
}

Tally campaign(const std::string& name, std::span<const Kind> kindsToFail,
               const std::function<std::string()>& scenario) {
    const Spared spared;
    const std::uint64_t first = test::fromEnvironment("TEMPEH_FAULTS_FROM", 1);
    const std::uint64_t inARow = test::fromEnvironment("TEMPEH_FAULTS_IN_A_ROW", 1);
    const bool tellsSlow = test::fromEnvironment("TEMPEH_FAULTS_SLOW", 0) != 0;
    Tally tally;
    for (const Kind kind : kindsToFail) {
        for (const int error : errorsOf(kind)) {
            for (std::uint64_t at = first; at < mostCalls; ++at) {
                const Fault fault{kind, at, error, inARow};
                watch(name, fault);
                arm(fault);
                const TimePoint start = std::chrono::steady_clock::now();
                std::string wrong = scenario();
                const bool hasFired = disarm();
                const auto took = std::chrono::steady_clock::now() - start;
                if (tellsSlow && took > std::chrono::milliseconds(200))
                    std::fprintf(stderr, "%s took %.1f s; %s\n", describe(fault).c_str(),
                                 std::chrono::duration<double>(took).count(), wrong.c_str());
                unwatch();
                ++tally.runs;
                if (!wrong.empty()) tally.wrong += name + ", " + describe(fault) + ": " + wrong + "\n";
                if (tally.wrong.size() > 20'000) return tally;
                if (!hasFired) break;
                ++tally.injected;
            }
        }
    }
    return tally;
}

// --- Arena ---

Arena::Arena(Home home, Script script, const Options& options)
    : script_(std::move(script)), node_(home, options), bystander_(node_.engine()) {
    // A first run lets everything be made that stays.
    Conversation(node_.engine(), script_).run();
    settle();
    descriptors_ = openDescriptors();
}

std::string Arena::run() {
    std::string wrong = Conversation(node_.engine(), script_).run();
    const bool hasFired = disarm();
    wrong += settle();
    wrong += bystander_.check();
    if (hasFired) markFired();
    return wrong;
}

std::string Arena::settle() {
    using namespace std::chrono_literals;
    const TimePoint end = std::chrono::steady_clock::now() + 10s;
    for (;;) {
        const EngineStats stats = node_.engine().stats();
        const std::size_t descriptors = openDescriptors();
        if (stats.pool.outstanding == 0 && stats.groups == 2 && stats.channels == 3 &&
            (descriptors_ == 0 || descriptors <= descriptors_))
            return {};
        if (std::chrono::steady_clock::now() > end)
            return "left behind: " + std::to_string(stats.pool.outstanding) + " messages, " +
                   std::to_string(stats.groups - 2) + " groups, " + std::to_string(stats.channels - 3) +
                   " channels, descriptors " + std::to_string(descriptors_) + " to " +
                   std::to_string(descriptors) + "\n";
        std::this_thread::sleep_for(100us);
    }
}

std::string runFresh(Home home, const Script& script) {
    using namespace std::chrono_literals;
    const std::size_t before = openDescriptors();
    std::string wrong;
    try {
        Node node(home);
        wrong = Conversation(node.engine(), script).run();
        node.end();
    } catch (const std::exception&) {
        if (!hasFired()) wrong = "the engine cannot be made";
    }
    const TimePoint end = std::chrono::steady_clock::now() + 10s;
    while (openDescriptors() > before && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(100us);
    if (openDescriptors() > before) wrong += "descriptors left behind\n";
    return wrong;
}

}  // namespace tempeh::faults
