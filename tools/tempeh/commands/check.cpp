#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tool {

namespace {

using Clock = std::chrono::steady_clock;
using tempeh::MessagePtr;

struct CheckOptions {
    Target target;
    std::optional<std::string> request;
    std::string expected;
    Duration timeout = std::chrono::seconds(5);
    std::uint64_t leastDays = 0;  ///< 0: any
    bool isQuiet = false;
    bool isJson = false;
};

struct Finding {
    ExitCode code = exitOk;
    std::string text;
    double helloUs = 0;
    double answerUs = 0;
    std::optional<long> certificateDays;
};

double microsecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

asio::awaitable<void> ask(tempeh::flows::Peer peer, const CheckOptions& options, Finding& finding) {
    const Clock::time_point start = Clock::now();
    MessagePtr request = peer.newMessage(tempeh::OpCode::Request, *options.request);
    const MessagePtr answer = co_await peer.request(std::move(request), options.timeout);
    finding.answerUs = microsecondsSince(start);
    if (answer == nullptr) throw Failure(exitNegative, "no answer in time");
    if (answer->header.status != 0)
        throw Failure(exitNegative, fmt::format("answered with status {}", answer->header.status));
    if (answer->body.view().find(options.expected) == std::string_view::npos)
        throw Failure(exitNegative, fmt::format("the answer does not have '{}' in it", options.expected));
    finding.text += fmt::format(", answer in {}", timeText(finding.answerUs));
}

/// How long the server's certificate, if it has one, is valid.
void look(const tempeh::ChannelInfo& info, const CheckOptions& options, Finding& finding) {
    if (info.peerCertificate == nullptr) return;
    const auto left = info.peerCertificate->notAfter - std::chrono::system_clock::now();
    const long days = std::chrono::floor<std::chrono::days>(left).count();
    finding.certificateDays = days;
    finding.text += fmt::format(", certificate of {} ", info.peerCertificate->subject);
    finding.text +=
        days < 0 ? fmt::format("expired {} days ago", -days - 1) : fmt::format("valid for {} days", days);
    if (options.leastDays != 0 && (days < 0 || static_cast<std::uint64_t>(days) < options.leastDays))
        throw Failure(exitNegative, fmt::format("{}, fewer than {}", finding.text, options.leastDays));
}

asio::awaitable<int> check(Session& session, const CheckOptions& options, Finding& finding) {
    const Clock::time_point start = Clock::now();
    try {
        const tempeh::flows::Peer peer = co_await connectTo(session.engine(), options.target);
        finding.helloUs = microsecondsSince(start);
        finding.text = fmt::format("hello in {}", timeText(finding.helloUs));
        look(peer.info(), options, finding);
        if (options.request) co_await ask(peer, options, finding);
    } catch (const Failure& failure) {
        if (failure.code() == exitUsage) throw;
        finding.code = failure.code();
        finding.text = failure.what();
    } catch (const tempeh::Error& error) {
        if (session.isInterrupted()) throw;
        finding.code = exitNegative;
        finding.text = error.what();
    }
    co_return finding.code;
}

void report(const CheckOptions& options, const Finding& finding) {
    const bool isOk = finding.code == exitOk;
    if (options.isJson) {
        Json json;
        json.set("address", options.target.address).set("ok", isOk).set("text", finding.text);
        if (finding.helloUs > 0) json.set("helloUs", finding.helloUs);
        if (finding.answerUs > 0) json.set("answerUs", finding.answerUs);
        if (finding.certificateDays)
            json.set("certificateDays", static_cast<double>(*finding.certificateDays));
        printLine(json.line());
    } else if (!options.isQuiet) {
        const std::string verdict = isOk ? paint(Paint::Good, "OK") : paint(Paint::Bad, "FAILED");
        printLine(fmt::format("{} {}: {}", verdict, options.target.address, printableLine(finding.text)));
    }
}

}  // namespace

void addCheck(CommandLine& line) {
    const auto options = std::make_shared<CheckOptions>();
    options->target.connectTimeout = std::chrono::seconds(5);
    Command command = line.add("check", "Is there a server, and does it answer? For monitoring", [options] {
        if (!options->expected.empty() && !options->request)
            throw Failure(exitUsage, "--expect: there is no answer to look at without --request");
        Session session(engineOptions(options->target));
        Finding finding;
        const int code = session.run(check(session, *options, finding));
        report(*options, finding);
        return code;
    });
    describeTarget(command, options->target);
    command
        .option("--request", options->request, "TEXT", "Send this request and expect an answer with status 0")
        .option("--expect", options->expected, "TEXT", "Text that the answer's body must contain")
        .option("-t,--timeout", options->timeout, "For the answer")
        .option("--days", options->leastDays, "N", "Days that a TLS server's certificate must still be valid")
        .flag("-q,--quiet", options->isQuiet, "Print nothing; use the exit code")
        .flag("--json", options->isJson, "Print one JSON object")
        .examples(
            "  tempeh check localhost:7099 && echo up\n"
            "  tempeh check tls:server:7100 --ca ca.pem --days 14\n"
            "  tempeh check unix:/run/app.sock --request ping --expect pong -t 500ms");
}

}  // namespace tool
