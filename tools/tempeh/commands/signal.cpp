#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"
#include "flow/input.hpp"
#include "flow/outgoing.hpp"
#include "flow/session.hpp"
#include "flow/target.hpp"
#include "text/message_text.hpp"

#include <tempeh/flows/stream_writer.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace tool {

namespace {

namespace flows = tempeh::flows;
using tempeh::MessagePtr;
using tempeh::OpCode;

struct SignalOptions {
    Target target;
    Outgoing outgoing;
    bool isQuiet = false;
};

/// As a stream, on a thread where reading the input may block.
asio::awaitable<std::uint64_t> sendStream(flows::Peer peer, const SignalOptions& options, Input& input) {
    flows::StreamWriter writer(peer, OpCode::Signal);
    addHeaders(options.outgoing.headers, writer.textHeaders());
    const flows::StreamSource source = [&input](std::span<std::byte> room) { return input.read(room); };
    const std::uint64_t size = co_await writer.writeFrom(source);
    co_await writer.finish();
    co_return size;
}

asio::awaitable<std::uint64_t> sendMessage(flows::Peer peer, const SignalOptions& options, std::string body) {
    MessagePtr message = peer.newMessage(OpCode::Signal, body);
    addHeaders(options.outgoing.headers, message->textHeaders);
    co_await peer.send(std::move(message));
    co_return body.size();
}

asio::awaitable<void> abortSoon(flows::Peer peer) {
    co_await peer.sleep(Session::moment);
    peer.abort();
}

/// `body`: all of it unless it goes as a stream.
asio::awaitable<int> signal(Session& session, const SignalOptions& options, Input& input, std::string body,
                            asio::thread_pool& thread) {
    const flows::Peer peer = co_await connectTo(session.engine(), options.target);
    if (options.outgoing.isStream) {
        session.onInterrupt([&input, peer] {
            input.stop();  // what was read is sent
            asio::co_spawn(peer.executor(), abortSoon(peer), asio::detached);
        });
    }
    std::uint64_t size = 0;
    if (options.outgoing.isStream) {
        auto sent = asio::co_spawn(thread, sendStream(peer, options, input), asio::use_awaitable);
        size = co_await std::move(sent);
    } else {
        size = co_await sendMessage(peer, options, std::move(body));
    }
    // The bye goes behind it, so its answer says that the other side has it all.
    const MessagePtr bye = co_await peer.close();
    if (bye == nullptr)
        throw Failure(exitNegative, "sent, but the other side did not confirm it with its bye");
    if (!options.isQuiet) note(fmt::format("sent {} bytes, confirmed", size));
    co_return exitOk;
}

}  // namespace

void addSignal(CommandLine& line) {
    const auto options = std::make_shared<SignalOptions>();
    Command command = line.add("signal", "Send a signal, which nobody answers", [options] {
        Input input(options->outgoing.body, options->outgoing.file);
        const bool isStream = options->outgoing.isStream;
        std::string body = isStream ? std::string() : input.readAll(longestBody);
        Session session(engineOptions(options->target));
        asio::thread_pool thread(1);
        return session.run(signal(session, *options, input, std::move(body), thread));
    });
    describeTarget(command, options->target);
    describeOutgoing(command, options->outgoing);
    command.flag("-q,--quiet", options->isQuiet, "Print nothing on success")
        .examples(
            "  tempeh signal localhost:7099 'reload' -H from:ops\n"
            "  tail -f log.txt | tempeh signal --stream unix:/run/app.sock\n"
            "Exit code 0 means that the other side's engine has received it.");
}

}  // namespace tool
