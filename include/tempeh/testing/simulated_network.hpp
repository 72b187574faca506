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

/// Engines on a network in memory, in virtual time, on the calling thread: the real machines, mailboxes and
/// flows, over connections that delay, cut up, hold up and break whatever SimulationOptions say. A day of
/// timeouts passes in microseconds, and the same seed gives the same run again.
///
/// All of it belongs to one thread, and nothing happens outside run(), runFor() and runUntil(). A run is the
/// same again only if the program is: no clock of its own (use now() and sleep()), no chance of its own that
/// is not seeded, no order that depends on addresses. Groups and peers must not outlive it.
class TEMPEH_TESTING_EXPORT SimulatedNetwork {
public:
    /// One without engines. Any number of networks, one after the other.
    explicit SimulatedNetwork(const SimulationOptions& options = {});
    /// Stops every engine. Coroutines that have not ended are destroyed and do not run any more, so what they
    /// refer to may be gone; groups and peers of the application may not outlive this.
    ~SimulatedNetwork();
    SimulatedNetwork(const SimulatedNetwork&) = delete;
    SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

    /// An engine on a host of that name. Others reach it as `tcp|NAME|PORT`; it reaches itself as 127.0.0.1
    /// too. A listener on every interface and port 0 tells its name and port in `~listen_on`. Unix socket
    /// paths are one folder for all. Lives as long as this, unless it crashes: then it is as a Reactor that
    /// was shut down, and another may be made with the name. Throws Error(NotAllowed) when there is one.
    ///
    /// Not on it: the blocking facades (NotAllowed). Its shutdown() works from outside run() and runs the
    /// simulation meanwhile; its threads are one, so nothing else differs from a Reactor.
    Ampe& createEngine(std::string_view name, const Options& options = {});

    /// Starts a coroutine beside the sockets of that engine, or of none. What it throws comes out of the
    /// run() it happens in, ShutdownStarted and operation_aborted excepted once its engine was stopped.
    void spawn(std::string_view engine, asio::awaitable<void> coroutine);
    void spawn(asio::awaitable<void> coroutine);
    /// Of no engine.
    asio::any_io_executor executor() const;

    /// Virtual time; every engine's Ampe::now() is the same.
    TimePoint now() const noexcept;
    /// Waits in virtual time; on any executor of the simulation. Cancelled: Error(operation_aborted).
    asio::awaitable<void> sleep(Timeout duration);

    /// Until nobody has anything left to do: every coroutine has ended or waits for what will not come.
    /// Throws Error(ProcessingFailed) after SimulationOptions::maxSteps: somebody keeps the others busy.
    void run();
    /// So long, in virtual time.
    void runFor(Timeout duration);
    /// Until it is true; looked at after every step. False when there is nothing left to do before, or in
    /// `limit`.
    bool runUntil(const std::function<bool()>& isDone, Timeout limit = std::chrono::hours(1));

    /// Nothing passes between the two any more, and neither is told. What was on its way is held up.
    void partition(std::string_view a, std::string_view b);
    void heal(std::string_view a, std::string_view b);
    /// All of them.
    void heal();
    /// The process dies: its connections are closed or reset, and its engine is stopped.
    void crash(std::string_view engine);
    /// The process is stopped, as by SIGSTOP or a machine that is put to sleep: nothing that runs beside the
    /// engine's sockets goes on, while its connections take in what fits and time passes. resume() lets it
    /// go on.
    void suspend(std::string_view engine);
    void resume(std::string_view engine);
    /// Resets, half-opens, refusals, black holes and failed accepts: off, or as the options say.
    void setFaults(bool on);

    /// What decides chance here.
    std::uint64_t seed() const noexcept;
    /// One number for everything that happened so far; two runs are the same if it is.
    std::uint64_t traceHash() const noexcept;
    /// The last things that happened, a line each, at most 4096.
    std::string traceTail(std::size_t lines = 40) const;
    /// Puts a word of the program's own among them, and into the number.
    void note(std::string_view text);

private:
    std::unique_ptr<detail::Simulation> simulation_;
};

}  // namespace tempeh::testing
