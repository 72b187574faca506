#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "commands/commands.hpp"
#include "decode/frame_printer.hpp"
#include "flow/raw_sockets.hpp"
#include "flow/relay.hpp"
#include "text/address.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tool {

namespace {

struct ForwardOptions {
    std::string listen;
    std::string connect;
    bool printsFrames = false;
    FramePrinter::Options print;
    bool isQuiet = false;
};

/// Bytes and not messages: a relay that took messages would answer hellos, number channels and check frames
/// itself, so that neither side would see what the other really does. What is printed is read along the way.
class Forwarder {
public:
    explicit Forwarder(const ForwardOptions& options)
        : options_(options)
        , to_(clientAddress(options.connect))
        , acceptor_(listenRaw(context_.get_executor(), serverAddress(options.listen)))
        , signals_(context_, SIGINT, SIGTERM)
        , printer_(options.print) {}

    ~Forwarder() {
        OutputWriter::instance().onFailure(nullptr);
        removeSocketFile(acceptor_);
    }
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    int run() {
        event("listening", pasteable(addressOf(acceptor_)) + " > " + pasteable(tempeh::toString(to_)));
        auto rethrow = [](const std::exception_ptr& failure) {
            if (failure) std::rethrow_exception(failure);
        };
        asio::co_spawn(context_, acceptAll(), rethrow);
        signals_.async_wait([this](const tempeh::error_code&, int) {
            OutputWriter::instance().interrupt();
            context_.stop();
        });
        OutputWriter::instance().onFailure([this] { context_.stop(); });
        context_.run();
        for (auto& [number, relay] : relays_)
            relay->stop();
        if (failure_) std::rethrow_exception(failure_);
        summarise();
        return exitOk;
    }

private:
    asio::awaitable<void> acceptAll() {
        for (;;) {
            tempeh::error_code ec;
            RawSocket client = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, ec));
            if (ec) {  // out of descriptors, or the client has gone again
                asio::steady_timer pause(context_, std::chrono::milliseconds(100));
                co_await pause.async_wait(asio::use_awaitable);
                continue;
            }
            auto onEnd = [this](const std::exception_ptr& failure) {
                if (failure) onFailure(failure);
            };
            asio::co_spawn(context_, begin(std::move(client), ++accepted_), onEnd);
        }
    }

    /// Of one connection; those of this program end it all.
    void onFailure(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const boost::system::system_error& error) {
            ++unreachable_;
            complain("cannot connect to " + pasteable(tempeh::toString(to_)) + ": " + error.code().message());
        }
    }

    asio::awaitable<void> begin(RawSocket client, std::uint64_t number) {
        // Closing the client's connection without a word is what it would see of a server that is gone.
        RawSocket server = co_await connectRaw(to_);
        event("open", fmt::format("#{}", number));
        const auto relay = std::make_shared<Relay>(std::move(client), std::move(server), tapOf(number));
        relays_[number] = relay;
        relay->start([this, number](std::uint64_t toServer, std::uint64_t toClient) {
            relays_.erase(number);
            toServer_ += toServer;
            toClient_ += toClient;
            event("closed", fmt::format("#{}, {} bytes to the server, {} back", number, toServer, toClient));
        });
    }

    Relay::Tap tapOf(std::uint64_t number) {
        if (!options_.printsFrames)
            return [](Relay::Way, std::span<const std::byte>) -> asio::awaitable<void> { co_return; };
        const auto parsers = std::make_shared<std::array<FrameParser, 2>>();
        return [this, number, parsers](Relay::Way way, std::span<const std::byte> bytes) {
            FrameParser& parser = (*parsers)[static_cast<std::size_t>(way)];
            std::string from = fmt::format("client#{}", number);
            std::string to = fmt::format("server#{}", number);
            if (way == Relay::Way::ToClient) std::swap(from, to);
            return show(parser, bytes, {.time = {}, .from = std::move(from), .to = std::move(to)});
        };
    }

    asio::awaitable<void> show(FrameParser& parser, std::span<const std::byte> bytes,
                               FramePrinter::Place place) {
        if (!parser.problem().empty()) co_return;
        parser.feed(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        try {
            printer_.drain(parser, place);
            co_await OutputWriter::instance().room();
        } catch (const Failure&) {  // nobody reads the output any more
            failure_ = std::current_exception();
            context_.stop();
        }
    }

    void event(const char* name, const std::string& text) const {
        const bool isAlways = std::string_view(name) == "listening";
        if (options_.isQuiet && !isAlways) return;
        if (options_.print.isJson)
            printLine(Json().set("event", name).set("text", text).line());
        else
            printLine(fmt::format("{} {}", paint(Paint::Good, name), text));
    }

    void summarise() const {
        note(fmt::format("{} connection{}, {} to the server, {} back, {} could not be connected", accepted_,
                         accepted_ == 1 ? "" : "s", bytesText(static_cast<double>(toServer_)),
                         bytesText(static_cast<double>(toClient_)), unreachable_));
    }

    const ForwardOptions& options_;
    asio::io_context context_{1};
    tempeh::Address to_;
    RawAcceptor acceptor_;
    asio::signal_set signals_;
    FramePrinter printer_;
    std::map<std::uint64_t, std::shared_ptr<Relay>> relays_;
    std::exception_ptr failure_;
    std::uint64_t accepted_ = 0;
    std::uint64_t unreachable_ = 0;
    std::uint64_t toServer_ = 0;
    std::uint64_t toClient_ = 0;
};

}  // namespace

void addForward(CommandLine& line) {
    const auto options = std::make_shared<ForwardOptions>();
    Command command =
        line.add("forward", "Relay connections from one address to another, unchanged", [options] {
            for (const std::string& address : {options->listen, options->connect})
                if (isTlsAddress(address))
                    throw Failure(exitUsage, "'" + address +
                                                 "': forward passes bytes on as they are and has no "
                                                 "certificates; write tcp: to relay TLS unread");
            Forwarder forwarder(*options);
            return forwarder.run();
        });
    command.argument("LISTEN", options->listen, "Where clients connect to")
        .argument("CONNECT", options->connect, "Where their bytes go")
        .flag("-p,--print", options->printsFrames, "Print the frames that pass")
        .option("--body", options->print.bodyLimit, "BYTES", "How much of a body to print")
        .flag("--json", options->print.isJson, "JSON lines")
        .flag("-q,--quiet", options->isQuiet, "Print only the address and frames, no connections")
        .examples(
            "  tempeh forward :7100 localhost:7099 --print\n"
            "  tempeh forward unix:/tmp/app.sock tcp://server:7099\n"
            "Bytes are relayed unchanged: message ids, byes, the ends of connections and even protocol "
            "errors\n"
            "reach the other side. The hello names the address of LISTEN.");
}

}  // namespace tool
