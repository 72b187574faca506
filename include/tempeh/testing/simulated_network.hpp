#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/options.hpp>
#include <tempeh/testing/simulation_options.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tempeh::testing {

namespace detail {
class Simulation;
}

/// Engines on a network in memory, in virtual time, on the calling thread. The state machines, mailboxes and
/// flows are the real ones. Their connections delay, cut up, hold up and break as SimulationOptions say. A
/// day of timeouts passes in microseconds, and the same seed gives the same run again.
///
/// Everything belongs to one thread, and nothing happens outside run(), runFor() and runUntil(). A run
/// repeats only if the program does: it must not use a clock of its own (use now() and sleep()), unseeded
/// random numbers, or an order that depends on addresses. Groups and peers must not outlive the network.
class TEMPEH_TESTING_EXPORT SimulatedNetwork {
public:
    /// A network without engines. A program may use any number of networks, one after the other.
    explicit SimulatedNetwork(const SimulationOptions& options = {});
    /// Stops every engine. Coroutines that have not ended are destroyed without running again, so what they
    /// refer to may already be gone. The application's groups and peers must not outlive this object.
    ~SimulatedNetwork();
    SimulatedNetwork(const SimulatedNetwork&) = delete;
    SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

    /// Creates an engine on a host of that name. Others reach it as `tcp|NAME|PORT`; it also reaches itself
    /// as 127.0.0.1. A listener on every interface and port 0 reports its name and port in `~listen_on`. Unix
    /// socket paths share one folder. The engine lives as long as this object unless it crashes. After a
    /// crash it behaves as a Reactor that was shut down, and another may be created with its name. Throws
    /// Error(NotAllowed) when that name is in use.
    ///
    /// The blocking facades do not work on it (NotAllowed). Its shutdown() may be called outside run(), and
    /// runs the simulation until it is done. It has only one thread; otherwise it does not differ from a
    /// Reactor.
    Ampe& createEngine(std::string_view name, const Options& options = {});

    /// Starts a coroutine on that engine's executor, or on no engine. An exception leaves the run() in which
    /// it happens, except ShutdownStarted and operation_aborted once the engine was stopped.
    void spawn(std::string_view engine, asio::awaitable<void> coroutine);
    void spawn(asio::awaitable<void> coroutine);
    /// The executor of no engine.
    asio::any_io_executor executor() const;

    /// Virtual time. Every engine's Ampe::now() is the same.
    TimePoint now() const noexcept;
    /// Waits in virtual time, on any executor of the simulation. Cancellation throws
    /// Error(operation_aborted).
    asio::awaitable<void> sleep(Timeout duration);

    /// Runs until nothing is left to do: every coroutine has ended, or waits for something that will not
    /// come. Throws Error(ProcessingFailed) after SimulationOptions::maxSteps, because then something keeps
    /// the others busy.
    void run();
    /// Runs for `duration` of virtual time.
    void runFor(Timeout duration);
    /// Runs until `isDone` returns true; it is checked after every step. Returns false if nothing is left to
    /// do before that, or at `limit`.
    bool runUntil(const std::function<bool()>& isDone, Timeout limit = std::chrono::hours(1));

    /// Stops all traffic between the two hosts without telling either. Data on its way is held up.
    void partition(std::string_view a, std::string_view b);
    void heal(std::string_view a, std::string_view b);
    /// Ends every partition.
    void heal();
    /// The process dies: its connections are closed or reset, and its engine is stopped.
    void crash(std::string_view engine);
    /// The process is stopped, as by SIGSTOP or a machine that is put to sleep. Nothing on the engine's
    /// executor runs, while its connections take in what fits and time passes. resume() continues it.
    void suspend(std::string_view engine);
    void resume(std::string_view engine);
    /// Switches resets, half-opens, refusals, black holes and failed accepts off, or back to what the options
    /// say.
    void setFaults(bool on);

    /// The seed of the random decisions.
    std::uint64_t seed() const noexcept;
    /// One number for everything that has happened. Two runs are the same if it is.
    std::uint64_t traceHash() const noexcept;
    /// The last events, one line each, at most 4096.
    std::string traceTail(std::size_t lines = 40) const;
    /// Adds a line of the program's own to the events, and to the number.
    void note(std::string_view text);

private:
    std::unique_ptr<detail::Simulation> simulation_;
};

}  // namespace tempeh::testing
