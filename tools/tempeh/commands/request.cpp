#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"
#include "flow/download.hpp"
#include "flow/input.hpp"
#include "flow/outgoing.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "flow/upload.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace tool {

namespace {

namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using tempeh::MessagePtr;

struct RequestOptions {
    Target target;
    Outgoing outgoing;
    std::string output;
    Duration timeout = 10s;
    bool showsHeaders = false;
    bool isQuiet = false;
    bool isJson = false;
};

/// What the other side says meanwhile. Its messages must be taken, or the channel would stop reading.
asio::awaitable<void> showSignals(flows::Peer peer, bool isQuiet) {
    try {
        for (;;) {
            const MessagePtr message = co_await peer.receive();
            if (isQuiet || message->header.opCode != tempeh::OpCode::Signal) continue;
            std::string details = detailsOf(*message, 1024);
            if (!details.empty()) details.insert(0, "\n").pop_back();
            note(summaryOf(*message) + details);
        }
    } catch (const std::exception&) {
        co_return;  // the channel has ended; whoever needs it is told
    }
}

Download::To destinationOf(const RequestOptions& options) {
    if (!options.isJson) return Download::To::Output;
    return options.outgoing.isStream ? Download::To::Nowhere : Download::To::Memory;
}

class Requester {
public:
    /// `body`: all of it unless it goes as a stream.
    Requester(Session& session, const RequestOptions& options, Input& input, std::string body)
        : session_(session)
        , options_(options)
        , body_(std::move(body))
        , download_(options.output, destinationOf(options))
        , upload_(input) {}

    ~Requester() {
        if (peer_) peer_.abort();  // a sending half that waits for the other side ends
    }

    int run() {
        try {
            const int code = session_.run(exchange());
            report();
            return code;
        } catch (const tempeh::Error&) {
            upload_.check();
            throw;
        }
    }

private:
    asio::awaitable<int> exchange() {
        peer_ = co_await connectTo(session_.engine(), options_.target);
        asio::co_spawn(session_.executor(), showSignals(peer_, options_.isQuiet), asio::detached);
        start_ = Clock::now();
        flows::StreamReader answer;
        if (options_.outgoing.isStream)
            answer = co_await askWithStream();
        else
            answer = co_await ask();
        if (!answer) throw Failure(exitNegative, "no answer in time");
        co_await download_.take(std::move(answer));
        end_ = Clock::now();
        upload_.stop();
        co_await sayBye();
        co_return download_.answer().header.status == 0 ? exitOk : exitNegative;
    }

    asio::awaitable<flows::StreamReader> ask() {
        MessagePtr request = peer_.newMessage(tempeh::OpCode::Request, body_);
        addHeaders(options_.outgoing.headers, request->textHeaders);
        flows::StreamReader answer =
            co_await flows::requestStream(peer_, std::move(request), options_.timeout);
        co_return answer;
    }

    asio::awaitable<flows::StreamReader> askWithStream() {
        const auto writer = std::make_shared<flows::StreamWriter>(peer_);
        addHeaders(options_.outgoing.headers, writer->textHeaders());
        upload_.start(peer_, writer);
        // The answer may begin at any time; the time for it runs from the end of the upload.
        Clock::time_point sentAt = Clock::time_point::max();
        for (;;) {
            flows::StreamReader answer = co_await writer->answerStream(100ms);
            if (answer) co_return answer;
            if (!upload_.isDone()) continue;
            if (sentAt == Clock::time_point::max()) sentAt = Clock::now();
            if (Clock::now() - sentAt >= options_.timeout) co_return flows::StreamReader();
        }
    }

    asio::awaitable<void> sayBye() {
        try {
            co_await peer_.close();
        } catch (const tempeh::Error&) {
            co_return;  // the answer is here; how the channel ends does not matter any more
        }
    }

    void report() const {
        const tempeh::Message& answer = download_.answer();
        const Clock::duration time = (options_.outgoing.isStream ? end_ : download_.firstPartAt()) - start_;
        const double microseconds = std::chrono::duration<double, std::micro>(time).count();
        if (options_.isJson) return reportJson(answer, microseconds);
        const bool isShown = options_.output.empty() && (options_.isQuiet ? isTerminal(1) : areOutputsOne());
        if (isShown && !download_.endsInLine()) print("\n");
        if (options_.isQuiet) return;
        if (options_.showsHeaders) {
            for (const tempeh::TextHeader& header : answer.textHeaders)
                note(fmt::format("{}: {}", printableLine(header.name), printableLine(header.value)));
        }
        std::string line = summaryOf(answer);
        if (options_.outgoing.isStream)
            line +=
                fmt::format(", sent {}, received {} in {}", bytesText(static_cast<double>(upload_.bytes())),
                            bytesText(static_cast<double>(download_.bytes())), timeText(microseconds));
        else
            line += fmt::format(", {} bytes in {}", download_.bytes(), timeText(microseconds));
        note(line);
    }

    void reportJson(const tempeh::Message& answer, double microseconds) const {
        Json json;
        json.set("address", options_.target.address);
        if (destinationOf(options_) == Download::To::Memory && options_.output.empty()) {
            describe(answer, json);
        } else {
            json.set("id", answer.header.messageId).set("status", answer.header.status);
            json.set("size", download_.bytes());
        }
        json.set("parts", download_.parts());
        if (options_.outgoing.isStream) json.set("sentBytes", upload_.bytes());
        printLine(json.set("rttUs", microseconds).line());
    }

    Session& session_;
    const RequestOptions& options_;
    std::string body_;
    Download download_;
    Upload upload_;
    flows::Peer peer_;
    Clock::time_point start_;
    Clock::time_point end_;
};

}  // namespace

void addRequest(CommandLine& line) {
    const auto options = std::make_shared<RequestOptions>();
    Command command = line.add("request", "Send a request and print its answer", [options] {
        // Read before there is a connection: a body that does not fit is the caller's mistake.
        Input input(options->outgoing.body, options->outgoing.file);
        std::string body = options->outgoing.isStream ? std::string() : input.readAll(longestBody);
        Session session(engineOptions(options->target));
        Requester requester(session, *options, input, std::move(body));
        return requester.run();
    });
    describeTarget(command, options->target);
    describeOutgoing(command, options->outgoing);
    command.option("-o,--output", options->output, "FILE", "Write the answer's body to this file")
        .option("-t,--timeout", options->timeout, "Time for the answer to begin after everything is sent")
        .flag("-i,--include", options->showsHeaders, "Print the answer's text headers to standard error")
        .flag("-q,--quiet", options->isQuiet, "Print only the answer's body")
        .flag("--json", options->isJson, "Print one JSON object; with --stream without the body")
        .examples(
            "  tempeh request localhost:7099 'hello' -H user:ada\n"
            "  date | tempeh request unix:/run/app.sock\n"
            "  tempeh request tcp://server:7099 --stream -f disk.img -o copy.img\n"
            "The answer's body goes to standard output, everything else to standard error.\n"
            "Exit code 1: no answer in time, or its status is not 0.");
}

}  // namespace tool
