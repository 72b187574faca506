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

/// The peer may be gone: a message that cannot be sent is dropped.
void postAnswer(tempeh::ChannelGroup& group, tempeh::MessagePtr& message) {
    tempeh::error_code ec;
    group.post(std::move(message), ec);
}

}  // namespace

asio::awaitable<void> serveCoroutine(tempeh::ChannelGroup& group, Responder& responder) {
    for (;;) {
        tempeh::MessageQueue messages;
        messages.pushBack(co_await group.waitReceive());
        messages.append(group.tryReceiveAll());  // what else has arrived, without suspending
        while (tempeh::MessagePtr message = messages.popFront()) {
            if (isShutdownSignal(message)) co_return;
            if (answer(responder, *message)) postAnswer(group, message);
        }
    }
}

namespace {

void serveBlocking(tempeh::ChannelGroup& group, Responder& responder) {
    const tempeh::BlockingChannelGroup channels = group.blocking();
    for (;;) {
        tempeh::MessageQueue messages;
        messages.pushBack(channels.waitReceive());
        messages.append(channels.tryReceiveAll());
        while (tempeh::MessagePtr message = messages.popFront()) {
            if (isShutdownSignal(message)) return;
            if (answer(responder, *message)) postAnswer(group, message);
        }
    }
}

}  // namespace

Address listen(const Options& options, tempeh::Reactor& reactor, tempeh::ChannelGroup& group) {
    tempeh::MessagePtr welcome = reactor.get();
    if (options.address.uds)
        tempeh::UdsServerAddress{options.address.path}.format(*welcome);
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
    switch (styleOf(options)) {
        case Style::Coroutine:
            asio::co_spawn(reactor.executor(), serveCoroutine(group, responder), asio::use_future).get();
            break;
        case Style::Executor: {
            std::future<void> done =
                asio::co_spawn(context, serveCoroutine(group, responder), asio::use_future);
            context.run();
            done.get();
            break;
        }
        case Style::Blocking:
            serveBlocking(group, responder);
            break;
    }
    responder.report();
}

}  // namespace bench::own
