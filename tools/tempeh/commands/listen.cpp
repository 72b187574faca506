#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "commands/commands.hpp"
#include "flow/answers.hpp"
#include "flow/listen_log.hpp"
#include "flow/session.hpp"
#include "flow/tls_files.hpp"
#include "text/address.hpp"
#include "text/message_text.hpp"

#include <tempeh/flows/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tool {

namespace {

namespace flows = tempeh::flows;
using tempeh::MessagePtr;
using tempeh::OpCode;

struct ListenOptions {
    std::vector<std::string> addresses;
    AnswerOptions answers;
    ListenLog::Options log;
    std::uint64_t count = 0;
    TlsFiles tls;
};

/// Everything on the engine's thread, the handlers of all clients too.
class Listening {
public:
    Listening(Session& session, const ListenOptions& options)
        : session_(session)
        , options_(options)
        , log_(options.log)
        , answers_(session.executor(), options.answers, log_)
        , server_(session.engine(), addressesOf(options)) {
        session.onInterrupt([this] { stop(); });
    }

    asio::awaitable<int> run() {
        try {
            co_await server_.listening();
        } catch (const tempeh::Error& error) {
            throw Failure(exitUnreachable, error.what());
        }
        for (const tempeh::Address& address : server_.addresses()) {
            log_.listening(tempeh::toString(address));
            noteExposure(address);
        }
        const flows::Handler handler = [this](flows::Peer peer) { return serve(std::move(peer)); };
        co_await server_.serve(handler);
        if (failure_) std::rethrow_exception(failure_);
        co_return exitOk;
    }

private:
    static std::vector<tempeh::Address> addressesOf(const ListenOptions& options) {
        std::vector<tempeh::Address> addresses;
        for (const std::string& text : options.addresses)
            addresses.push_back(serverAddress(text));
        return addresses;
    }

    /// `:7099` is easily typed, and is more than this machine.
    void noteExposure(const tempeh::Address& address) const {
        const auto* const tcp = std::get_if<tempeh::TcpServerAddress>(&address);
        const bool isEverywhere =
            tcp != nullptr && (tcp->host.empty() || tcp->host == "0.0.0.0" || tcp->host == "::");
        if (!isEverywhere || options_.log.isQuiet) return;
        note(
            fmt::format("port {0} is open on every interface of this machine, to anybody who can reach it; "
                        "localhost:{0} keeps it local",
                        tcp->port));
    }

    /// Its address; clients of Unix sockets have none and are told apart by their process.
    static std::string nameOf(const tempeh::ChannelInfo& info) {
        if (info.transport == tempeh::Transport::Tcp || !info.peerCredentials) return info.peerAddress;
        return fmt::format("uds|pid {}", info.peerCredentials->pid);
    }

    asio::awaitable<void> serve(flows::Peer peer) {
        try {
            co_await converse(std::move(peer));
        } catch (const Failure&) {
            failure_ = std::current_exception();  // of this program, such as an output that is closed
            stop();
        }
    }

    asio::awaitable<void> converse(flows::Peer peer) {
        const tempeh::ChannelInfo info = peer.info();
        const std::string name = nameOf(info);
        log_.opened(name, peer.hello());
        bool isLast = false;
        try {
            for (;;) {
                co_await OutputWriter::instance().room();
                MessagePtr message = co_await peer.receive();
                co_await handle(peer, name, std::move(message));
            }
        } catch (const tempeh::Error& error) {
            if (error.status() == tempeh::Status::ShutdownStarted && !session_.isInterrupted()) isLast = true;
            log_.closed(name, reasonOf(error, info.peerAddress));
        } catch (const boost::system::system_error& error) {
            log_.closed(name, error.what());
        }
        if (isLast) co_await sendRest(peer);
    }

    /// Of --count: the last answer is on its way, and this program ends.
    static asio::awaitable<void> sendRest(flows::Peer peer) {
        try {
            co_await peer.close();
        } catch (const boost::system::system_error&) {
            co_return;  // the client has gone
        }
    }

    asio::awaitable<void> handle(flows::Peer peer, const std::string& name, MessagePtr message) {
        const OpCode opCode = message->header.opCode;
        log_.message(name, *message);
        if (opCode == OpCode::ByeRequest) {
            co_await peer.respond(std::move(message), "");
            co_return;
        }
        co_await answers_.give(peer, name, std::move(message));
        ++handled_;
        if (options_.count != 0 && handled_ == options_.count) stop();
    }

    void stop() {
        if (std::exchange(isStopping_, true)) return;
        asio::co_spawn(session_.executor(), stopServer(), asio::detached);
    }

    asio::awaitable<void> stopServer() {
        using namespace std::chrono_literals;
        const Duration patience = session_.isInterrupted() ? Duration(Session::moment) : Duration(1s);
        co_await server_.stop(patience);
    }

    Session& session_;
    const ListenOptions& options_;
    ListenLog log_;
    Answers answers_;
    flows::Server server_;
    std::uint64_t handled_ = 0;
    bool isStopping_ = false;
    std::exception_ptr failure_;
};

}  // namespace

void addListen(CommandLine& line) {
    const auto options = std::make_shared<ListenOptions>();
    Command command = line.add("listen", "Receive messages: print, echo or answer them", [options] {
        options->tls.isQuiet = options->log.isQuiet;
        Session session(engineOptions(options->tls, options->addresses));
        Listening listening(session, *options);
        return session.run(listening.run());
    });
    command
        .arguments("ADDRESS", options->addresses,
                   "Where to listen; several are allowed. HOST:PORT (port 0: any free one), tls:HOST:PORT, "
                   "unix:PATH, a path")
        .option("-r,--reply", options->answers.reply, "TEXT", "Answer requests with this text")
        .flag("-e,--echo", options->answers.echoes, "Answer requests with their own body")
        .option("-x,--exec", options->answers.program, "PROGRAM",
                "Program that the shell runs for each message: body on its input, output is the answer, exit "
                "code its status")
        .flag("--no-answer", options->answers.isSilent, "Do not answer")
        .option("-H,--header", options->answers.headers, "NAME:VALUE",
                "Text header of the answers; repeatable")
        .option("-n,--count", options->count, "N", "End after N messages; 0: when interrupted")
        .option("--body", options->log.bodyLimit, "BYTES", "How much of a body to print")
        .flag("-q,--quiet", options->log.isQuiet, "Print only the addresses")
        .flag("--json", options->log.isJson, "JSON lines");
    describeTlsOfServer(command, options->tls);
    command.examples(
        "  tempeh listen localhost:7099\n"
        "  tempeh listen :7099 unix:/run/app.sock --echo\n"
        "  tempeh listen :7099 --exec 'tr a-z A-Z'\n"
        "  tempeh listen tls::7100 --cert server.pem --key server.key --ca clients-ca.pem\n"
        "  tempeh listen unix:/run/sum.sock --exec sha256sum   # then: tempeh request --stream\n"
        "Without --reply, --echo and --exec requests get an empty answer.\n"
        "A program of --exec sees TEMPEH_PEER, TEMPEH_ID, TEMPEH_OPCODE and each text header as\n"
        "TEMPEH_HEADER_<NAME>.");
}

}  // namespace tool
