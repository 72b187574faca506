#include "program.hpp"
#include "responder.hpp"
#include "roles.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <cstring>

namespace bench::own {
namespace {

namespace asio = boost::asio;

/// Checks one message and turns it into its answer; false when nothing goes back.
bool answer(Responder& responder, tempeh::Message& message) {
    if (message.isFromEngine()) {
        if (message.status() == tempeh::Status::ListenFailed) fail("cannot listen");
        return false;
    }
    if (message.header.opCode == tempeh::OpCode::HelloRequest) {
        message.header.opCode = tempeh::OpCode::HelloResponse;
        message.textHeaders.clear();
        return true;
    }
    if (!isRegular(message.header.opCode)) return false;
    const std::span<const std::byte> body = message.body.bytes();
    const Action action = responder.onMessage(body.data(), body.size());
    if (action == Action::Absorb) return false;
    message.header.opCode = tempeh::OpCode::Response;
    if (action == Action::Summarize) {
        const Summary summary = responder.summary();
        message.body.assign(std::as_bytes(std::span(&summary, 1)));
    }
    return true;
}

bool isShutdownSignal(const tempeh::MessagePtr& message) {
    return message->isFromEngine() && message->status() == tempeh::Status::ReceiverUpdate;
}

/// Everything that came, and the answers to be posted. What could not be posted last time is dropped: its
/// peer is gone. False: stop.
bool answerAll(Responder& responder, tempeh::MessageQueue& messages, tempeh::MessageQueue& answers) {
    answers.clear();
    while (tempeh::MessagePtr message = messages.popFront()) {
        if (isShutdownSignal(message)) return false;
        if (answer(responder, *message)) answers.pushBack(std::move(message));
    }
    return true;
}

}  // namespace

asio::awaitable<void> serveCoroutine(tempeh::ChannelGroup& group, Responder& responder, Loop loop) {
    tempeh::MessageQueue answers;
    tempeh::error_code ec;
    while (loop == Loop::Plain) {
        tempeh::MessagePtr message = co_await group.waitReceive();
        if (isShutdownSignal(message)) co_return;
        if (answer(responder, *message)) group.post(std::move(message), ec);
    }
    for (;;) {
        tempeh::MessageQueue messages;
        messages.pushBack(co_await group.waitReceive());
        messages.append(group.tryReceiveAll());  // what else has arrived, without suspending
        if (!answerAll(responder, messages, answers)) co_return;
        group.postAll(answers, ec);
    }
}

namespace {

void serveBlocking(tempeh::ChannelGroup& group, Responder& responder, Loop loop) {
    const tempeh::BlockingChannelGroup channels = group.blocking();
    tempeh::MessageQueue answers;
    tempeh::error_code ec;
    while (loop == Loop::Plain) {
        tempeh::MessagePtr message = channels.waitReceive();
        if (isShutdownSignal(message)) return;
        if (answer(responder, *message)) channels.post(std::move(message), ec);
    }
    for (;;) {
        tempeh::MessageQueue messages;
        messages.pushBack(channels.waitReceive());
        messages.append(channels.tryReceiveAll());
        if (!answerAll(responder, messages, answers)) return;
        channels.postAll(answers, ec);
    }
}

}  // namespace

Address listen(const Options& options, tempeh::Reactor& reactor, tempeh::ChannelGroup& group) {
    tempeh::MessagePtr welcome = reactor.get();
    if (options.address.uds)
        tempeh::UdsServerAddress{options.address.path}.format(*welcome);
    else if (options.address.mem)
        tempeh::MemServerAddress{options.address.path}.format(*welcome);
    else
        tempeh::TcpServerAddress{options.address.host, options.address.port}.format(*welcome);
    group.post(std::move(welcome));
    const tempeh::MessagePtr bound = group.blocking().waitReceive();
    if (bound->status() != tempeh::Status::Success) fail("cannot listen on " + options.address.text());
    return Address::parse(std::string(bound->textHeaders.find("~listen_on").value()));
}

void serve(const Options& options) {
    tempeh::Reactor reactor(engineOptions(options));
    countWakesOf(reactor);
    tempeh::ChannelGroup group = reactor.createGroup();
    Responder responder(options);
    responder.ready(listen(options, reactor, group));
    onStdinEnd([&group] { group.updateReceiver(); });
    asio::io_context context;
    const Mode mode = modeOf(options);
    switch (mode.style) {
        case Style::Coroutine:
            asio::co_spawn(reactor.executor(), serveCoroutine(group, responder, mode.loop), asio::use_future)
                .get();
            break;
        case Style::Executor: {
            std::future<void> done =
                asio::co_spawn(context, serveCoroutine(group, responder, mode.loop), asio::use_future);
            context.run();
            done.get();
            break;
        }
        case Style::Blocking:
            serveBlocking(group, responder, mode.loop);
            break;
    }
    responder.report();
}

}  // namespace bench::own
