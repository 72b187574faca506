#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"
#include "flow/lines.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "text/message_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tool {

namespace {

namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr;
using tempeh::OpCode;

struct ConnectOptions {
    Target target;
    std::vector<std::string> headers;
    Duration timeout = 10s;
    std::uint64_t bodyLimit = 1024;
    bool sendsSignals = false;
    bool isWatching = false;
};

/// One connection to a server: lines of the input go out, what arrives is shown. Everything on the engine's
/// thread; its coroutines share it.
class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(Session& session, const ConnectOptions& options)
        : session_(session), options_(options), changed_(session.executor()) {
        changed_.expires_at(asio::steady_timer::time_point::max());
    }

    asio::awaitable<int> run() {
        peer_ = co_await connectTo(session_.engine(), options_.target);
        note(fmt::format("connected to {}", options_.target.address));
        if (!options_.isWatching) lines_ = std::make_unique<Lines>();
        session_.onInterrupt([this] { end(); });
        asio::co_spawn(session_.executor(), receive(shared_from_this()), asio::detached);
        if (lines_) co_await sendLines();
        while (!isEnding_ && (inFlight_ != 0 || options_.isWatching))
            co_await change();
        co_await leave();
        if (failure_) std::rethrow_exception(failure_);
        if (!reason_.empty()) note("closed by the server: " + printableLine(reason_));
        co_return hasFailed_ ? exitNegative : exitOk;
    }

private:
    using Self = std::shared_ptr<Conversation>;

    asio::awaitable<void> sendLines() {
        constexpr std::size_t mostInFlight = 64;
        for (;;) {
            const std::optional<std::string> line = co_await lines_->next();
            if (!line || isEnding_) co_return;
            while (inFlight_ >= mostInFlight && !isEnding_)
                co_await change();
            ++inFlight_;
            asio::co_spawn(session_.executor(), send(shared_from_this(), *line), asio::detached);
        }
    }

    static asio::awaitable<void> send(Self self, std::string line) {
        try {
            co_await self->sendOne(std::move(line));
        } catch (const Failure&) {
            self->fail();
        } catch (const std::exception& error) {
            if (!self->isEnding_) complain(error.what());
            self->hasFailed_ = true;
        }
        --self->inFlight_;
        self->changed_.cancel();
    }

    asio::awaitable<void> sendOne(std::string line) {
        MessagePtr message = peer_.newMessage(options_.sendsSignals ? OpCode::Signal : OpCode::Request, line);
        addHeaders(options_.headers, message->textHeaders);
        if (options_.sendsSignals) co_return co_await peer_.send(std::move(message));
        const MessagePtr answer = co_await peer_.request(std::move(message), options_.timeout);
        if (!answer) {
            hasFailed_ = true;
            print(paint(Paint::Bad, "no answer in time") + '\n');
        } else if (answer->header.status != 0) {
            hasFailed_ = true;
            print(paint(Paint::Bad, fmt::format("status {}: ", answer->header.status)) + bodyOf(*answer));
        } else {
            print(bodyOf(*answer));
        }
        if (answer && answer->hasMore()) note("this answer has more parts: tempeh request shows all of it");
    }

    /// What the server sends unasked.
    static asio::awaitable<void> receive(Self self) {
        tempeh::error_code ec;
        for (;;) {
            MessagePtr message = co_await self->peer_.receive(tempeh::infinite, ec);
            if (!message) break;
            const OpCode opCode = message->header.opCode;
            try {
                if (opCode != OpCode::ByeRequest)
                    print(paint(Paint::Name, summaryOf(*message)) + '\n' +
                          detailsOf(*message, self->options_.bodyLimit));
                if (opCode != OpCode::Signal) co_await self->peer_.respond(std::move(message), "");
            } catch (const Failure&) {
                self->fail();
                co_return;
            } catch (const std::exception&) {
                break;  // the channel has ended
            }
        }
        if (self->isEnding_) co_return;
        self->reason_ = self->peer_.endReason();
        constexpr std::string_view known = "ChannelClosed: ";
        if (self->reason_.starts_with(known)) self->reason_.erase(0, known.size());
        self->hasFailed_ = self->hasFailed_ || self->reason_.find("bye exchanged") == std::string::npos;
        self->end();
    }

    std::string bodyOf(const tempeh::Message& message) const {
        const std::string_view body = message.body.view();
        std::string text = isTerminal(1) ? printableText(std::string(body)) : std::string(body);
        if (text.empty() || text.back() != '\n') text += '\n';
        return text;
    }

    /// Says bye; a server that does not answer is not waited for long when somebody has interrupted this.
    asio::awaitable<void> leave() {
        if (!peer_.isOpen()) co_return;
        isEnding_ = true;
        if (session_.isInterrupted()) co_return;
        try {
            co_await peer_.close();
        } catch (const tempeh::Error&) {
            co_return;  // it has ended by itself
        }
    }

    /// The output cannot be written any more.
    void fail() {
        failure_ = std::current_exception();
        end();
    }

    void end() {
        isEnding_ = true;
        if (lines_) lines_->stop();
        changed_.cancel();
    }

    asio::awaitable<void> change() {
        tempeh::error_code ec;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    Session& session_;
    const ConnectOptions& options_;
    asio::steady_timer changed_;
    std::unique_ptr<Lines> lines_;
    flows::Peer peer_;
    std::size_t inFlight_ = 0;
    bool isEnding_ = false;
    bool hasFailed_ = false;
    std::string reason_;
    std::exception_ptr failure_;
};

}  // namespace

void addConnect(CommandLine& line) {
    const auto options = std::make_shared<ConnectOptions>();
    Command command =
        line.add("connect", "Stay connected: send lines, show what the server sends", [options] {
            Session session(engineOptions(options->target));
            const auto conversation = std::make_shared<Conversation>(session, *options);
            return session.run(conversation->run());
        });
    describeTarget(command, options->target);
    command.flag("-s,--signals", options->sendsSignals, "Send lines as signals, which nobody answers")
        .flag("-w,--watch", options->isWatching,
              "Read no input: show what the server sends until interrupted")
        .option("-H,--header", options->headers, "NAME:VALUE", "Text header of what is sent; repeatable")
        .option("-t,--timeout", options->timeout, "For each answer")
        .option("--body", options->bodyLimit, "BYTES", "How much of a body of the server's own to print")
        .examples(
            "  tempeh connect localhost:7099\n"
            "  tempeh connect unix:/run/app.sock --signals\n"
            "  tempeh connect server:7099 --watch\n"
            "  printf 'one\\ntwo\\n' | tempeh connect localhost:7099\n"
            "Each line is a request, and its answer is printed. Requests of the server get an empty answer.\n"
            "Ctrl-D or Ctrl-C ends it. For editing and history: rlwrap tempeh connect ADDRESS.");
}

}  // namespace tool
