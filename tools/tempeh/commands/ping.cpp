#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "commands/commands.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "text/json.hpp"
#include "text/latency.hpp"
#include "text/message_text.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace tool {

namespace {

using Clock = std::chrono::steady_clock;
using tempeh::MessagePtr;
using tempeh::flows::Peer;

struct PingOptions {
    Target target;
    std::uint64_t count = 0;
    Duration interval = std::chrono::seconds(1);
    Duration timeout = std::chrono::seconds(2);
    std::uint64_t size = 56;
    bool connects = false;
    bool isQuiet = false;
    bool isJson = false;
};

struct PingResult {
    std::uint64_t sent = 0;
    Latency times;
    std::string ended;             // why no more could be sent
    ExitCode code = exitNegative;  // when nothing was answered
};

/// One round trip over an open channel, or a connection of its own.
class Pinger {
public:
    Pinger(Session& session, const PingOptions& options, PingResult& result)
        : session_(session), options_(options), result_(result) {}

    asio::awaitable<int> run() {
        try {
            if (!options_.connects) peer_ = co_await connectTo(session_.engine(), options_.target);
            co_await pingAll();
        } catch (const tempeh::Error& error) {
            if (error.code() != asio::error::operation_aborted) result_.ended = error.what();
        } catch (const boost::system::system_error& error) {
            if (error.code() != asio::error::operation_aborted) throw;
        }
        co_return result_.times.count() != 0 ? exitOk : result_.code;
    }

private:
    asio::awaitable<void> pingAll() {
        asio::steady_timer timer(session_.executor());
        for (;;) {
            const Clock::time_point start = Clock::now();
            co_await pingOnce();
            if (options_.count != 0 && result_.sent == options_.count) co_return;
            co_await OutputWriter::instance().room();
            timer.expires_at(start + options_.interval);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    asio::awaitable<void> pingOnce() {
        ++result_.sent;
        const Clock::time_point start = Clock::now();
        std::string what = "no answer";
        bool isAnswered = false;
        if (options_.connects) {
            try {
                const Peer peer = co_await connectTo(session_.engine(), options_.target);
                isAnswered = true;
                what = "hello";
            } catch (const Failure& failure) {
                if (failure.code() == exitUsage) throw;
                what = failure.what();
                result_.code = failure.code();
            }
        } else {
            MessagePtr request = peer_.newMessage();
            request->body.assign(std::string(options_.size, '.'));
            const MessagePtr answer = co_await peer_.request(std::move(request), options_.timeout);
            isAnswered = answer != nullptr;
            if (isAnswered) what = fmt::format("{} bytes", answer->body.size());
        }
        const Duration time = Clock::now() - start;
        if (isAnswered) result_.times.add(time);
        show(what, isAnswered, std::chrono::duration<double, std::micro>(time).count());
    }

    void show(const std::string& what, bool isAnswered, double microseconds) const {
        if (options_.isQuiet) return;
        if (options_.isJson) {
            Json json;
            json.set("ping", result_.sent).set("answered", isAnswered).set("rttUs", microseconds);
            printLine(json.line());
        } else if (isAnswered) {
            printLine(fmt::format("{} from {}: seq={} time={}", what, options_.target.address, result_.sent,
                                  timeText(microseconds)));
        } else {
            printLine(paint(Paint::Bad, fmt::format("{} from {}: seq={}", printableLine(what),
                                                    options_.target.address, result_.sent)));
        }
    }

    Session& session_;
    const PingOptions& options_;
    PingResult& result_;
    Peer peer_;
};

void summarise(const PingOptions& options, const PingResult& result) {
    const Latency& times = result.times;
    const std::uint64_t lost = result.sent - times.count();
    if (options.isJson) {
        Json json;
        json.set("address", options.target.address).set("sent", result.sent);
        json.set("answered", times.count()).set("minUs", times.min()).set("avgUs", times.mean());
        json.set("p50Us", times.percentile(0.5))
            .set("p99Us", times.percentile(0.99))
            .set("maxUs", times.max());
        return printLine(json.line());
    }
    const double share =
        result.sent == 0 ? 0 : static_cast<double>(lost) * 100 / static_cast<double>(result.sent);
    printLine(fmt::format("--- {} ---\n{} sent, {} answered, {:.0f} % lost", options.target.address,
                          result.sent, times.count(), share));
    if (times.count() == 0) return;
    printLine(fmt::format("round trip min {}  avg {}  p50 {}  p99 {}  max {}", timeText(times.min()),
                          timeText(times.mean()), timeText(times.percentile(0.5)),
                          timeText(times.percentile(0.99)), timeText(times.max())));
}

int ping(const PingOptions& options) {
    if (options.size > 65'535) throw Failure(exitUsage, "--size: at most 65535 bytes fit into a message");
    Session session(engineOptions(options.target));
    PingResult result;
    Pinger pinger(session, options, result);
    const int code = session.run(pinger.run());
    summarise(options, result);
    if (!result.ended.empty()) throw Failure(exitNegative, result.ended);
    return code;
}

}  // namespace

void addPing(CommandLine& line) {
    const auto options = std::make_shared<PingOptions>();
    Command command = line.add("ping", "Measure round trips until interrupted, as ping(8) does",
                               [options] { return ping(*options); });
    describeTarget(command, options->target);
    command.option("-c,--count", options->count, "N", "Stop after N; 0: when interrupted")
        .option("-i,--interval", options->interval,
                "Time between requests; 0: send the next when the last is answered")
        .option("-t,--timeout", options->timeout, "For each answer")
        .option("-s,--size", options->size, "BYTES", "Body of the requests")
        .flag("--connect", options->connects,
              "Measure a connection and a hello each time instead of a request")
        .flag("-q,--quiet", options->isQuiet, "Print only the summary")
        .flag("--json", options->isJson, "JSON lines; the last is the summary")
        .examples(
            "  tempeh ping localhost:7099\n"
            "  tempeh ping unix:/run/app.sock -c 1000 -i 0 -q\n"
            "  tempeh ping tcp://server:7099 --connect -c 5");
}

}  // namespace tool
