#include "flow/answers.hpp"

#include "cli/exit_code.hpp"
#include "flow/child.hpp"
#include "text/message_text.hpp"

#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/flows/stream_writer.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>
#include <optional>
#include <utility>

namespace tool {

namespace {

namespace flows = tempeh::flows;
using tempeh::MessagePtr;
using tempeh::OpCode;

/// What a program learns beside the body.
std::vector<std::string> environmentOf(const std::string& peer, const tempeh::Message& message) {
    std::vector<std::string> variables = {
        "TEMPEH_PEER=" + peer, fmt::format("TEMPEH_ID={}", message.header.messageId),
        fmt::format("TEMPEH_OPCODE={}", tempeh::nameOf(message.header.opCode))};
    for (const tempeh::TextHeader& header : message.textHeaders) {
        std::string name = "TEMPEH_HEADER_";
        for (const char c : header.name)
            name +=
                std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::toupper(c)) : '_';
        variables.push_back(name + "=" + std::string(header.value));
    }
    return variables;
}

/// The parts of a request into the program; one that does not read them all is no error.
asio::awaitable<void> feed(flows::StreamReader reader, Child& child, std::uint64_t& parts,
                           std::uint64_t& bytes) {
    for (;;) {
        const MessagePtr part = co_await reader.next();
        if (part == nullptr) break;
        ++parts;
        bytes += part->body.size();
        tempeh::error_code ec;
        const auto buffer = asio::buffer(part->body.bytes().data(), part->body.size());
        co_await asio::async_write(child.input(), buffer, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw tempeh::Error(ec);
        if (ec) break;
    }
    child.input().close();
}

/// Throws when the channel ends before the program does: nobody wants its answer any more.
class EndWatch {
public:
    EndWatch(const asio::any_io_executor& executor, flows::Peer peer)
        : peer_(std::move(peer)), timer_(executor) {}

    asio::awaitable<void> watch() {
        while (!isOver_) {
            if (!peer_.isOpen()) throw tempeh::Error(tempeh::Status::ChannelClosed);
            tempeh::error_code ignored;
            timer_.expires_after(std::chrono::milliseconds(100));
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    void programEnded() {
        isOver_ = true;
        timer_.cancel();
    }

private:
    flows::Peer peer_;
    asio::steady_timer timer_;
    bool isOver_ = false;
};

/// What the program says, as the answer if there is one to give.
asio::awaitable<void> collect(Child& child, std::optional<flows::StreamWriter>& writer, EndWatch& watch) {
    std::array<std::byte, 65'536> buffer{};
    for (;;) {
        tempeh::error_code ec;
        const auto room = asio::buffer(buffer.data(), buffer.size());
        const std::size_t size =
            co_await child.output().async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw tempeh::Error(ec);
        if (ec) break;
        if (writer) co_await writer->write(std::span<const std::byte>(buffer).first(size));
    }
    const int exitCode = co_await child.wait();
    if (writer) co_await writer->finish(static_cast<std::uint8_t>(exitCode));
    watch.programEnded();
}

}  // namespace

Answers::Answers(const asio::any_io_executor& executor, const AnswerOptions& options, const ListenLog& log)
    : executor_(executor), options_(options), how_(How::Empty), log_(log) {
    int chosen = 0;
    const auto choose = [&](bool isWanted, How how) {
        if (!isWanted) return;
        how_ = how;
        ++chosen;
    };
    choose(!options.reply.empty(), How::Reply);
    choose(options.echoes, How::Echo);
    choose(!options.program.empty(), How::Program);
    choose(options.isSilent, How::Silent);
    if (chosen > 1) throw Failure(exitUsage, "--reply, --echo, --exec and --no-answer: only one of them");
    if (options.reply.size() > 65'535) throw Failure(exitUsage, "--reply: at most 65535 bytes");
    tempeh::Message trial;
    addHeaders(options.headers, trial.textHeaders);
}

asio::awaitable<void> Answers::give(flows::Peer peer, const std::string& name, MessagePtr message) {
    const tempeh::MessageId id = message->header.messageId;
    const bool isStream = message->hasMore();
    Size size;
    if (how_ == How::Program)
        size = co_await run(peer, name, std::move(message));
    else if (isStream)
        size = co_await giveStream(peer, std::move(message));
    else
        co_await giveOne(peer, std::move(message));
    if (isStream) log_.streamed(name, id, size.parts, size.bytes);
}

asio::awaitable<void> Answers::giveOne(flows::Peer peer, MessagePtr message) {
    if (message->header.opCode != OpCode::Request || how_ == How::Silent) co_return;
    message->header.status = 0;
    if (how_ != How::Echo) {
        message->textHeaders.clear();
        message->body.assign(options_.reply);
    }
    addHeaders(options_.headers, message->textHeaders);
    co_await peer.respond(std::move(message));
}

asio::awaitable<Answers::Size> Answers::giveStream(flows::Peer peer, MessagePtr first) {
    const bool isAnswered = first->header.opCode == OpCode::Request && how_ != How::Silent;
    const bool echoes = isAnswered && how_ == How::Echo;
    flows::StreamReader reader(peer, std::move(first));
    std::optional<flows::StreamWriter> writer;
    if (isAnswered) {
        writer.emplace(peer, reader.id());
        addHeaders(options_.headers, writer->textHeaders());
    }
    Size size;
    for (;;) {
        const MessagePtr part = co_await reader.next();
        if (part == nullptr) break;
        ++size.parts;
        size.bytes += part->body.size();
        if (echoes) co_await writer->write(part->body.bytes());
    }
    if (isAnswered && !echoes) co_await writer->write(options_.reply);
    if (isAnswered) co_await writer->finish();
    co_return size;
}

asio::awaitable<Answers::Size> Answers::run(flows::Peer peer, std::string name, MessagePtr first) {
    using namespace asio::experimental::awaitable_operators;
    const std::vector<std::string> environment = environmentOf(name, *first);
    const bool isAnswered = first->header.opCode == OpCode::Request;
    flows::StreamReader reader(peer, std::move(first));
    std::optional<flows::StreamWriter> writer;
    if (isAnswered) {
        writer.emplace(peer, reader.id());
        addHeaders(options_.headers, writer->textHeaders());
    }
    Child child(executor_, options_.program, environment);
    Size size;
    auto fed = feed(std::move(reader), child, size.parts, size.bytes);
    EndWatch watch(executor_, peer);
    auto collected = collect(child, writer, watch);
    auto watched = watch.watch();
    auto all = std::move(fed) && std::move(collected) && std::move(watched);
    try {
        co_await std::move(all);
    } catch (const asio::multiple_exceptions&) {  // the first made the others fail
        throw tempeh::Error(tempeh::Status::ChannelClosed);
    }
    co_return size;
}

}  // namespace tool
