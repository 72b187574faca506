// A table of every verb of flows: each with futures, callbacks, deferred, tuples and `||`, and with what Asio
// wraps around an operation. An empty handle ends each at once. Those that can wait are cancelled while they
// do.

#include "support/flows_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/version.hpp>
#if BOOST_VERSION >= 108600
#include <boost/asio/cancel_after.hpp>
#endif
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::PeerGroup;
using flows::ReconnectingPeer;
using flows::Server;
using flows::StreamOptions;
using flows::StreamReader;
using flows::StreamWriter;
using asio::experimental::awaitable_operators::operator||;

constexpr std::chrono::hours longTime(1);

template <typename T>
struct Gives {};

#define FORWARD(token) std::forward<decltype(token)>(token)

/// For a request, an answer or a signal; the handles that need one of their own make it.
MessagePtr message(OpCode opCode = OpCode::Request) {
    MessagePtr made(new Message());
    made->header.opCode = opCode;
    return made;
}

void ignoreSignal(const Message&) {}
void ignoreBytes(std::span<const std::byte>) {}
std::size_t fillAll(std::span<std::byte> room) {
    return room.size();
}

/// What a Peer and a ReconnectingPeer have in common.
template <typename Handle, typename Visit>
void visitCommonVerbs(Handle handle, Visit visit) {
    visit("send", Gives<void>(),
          [=](auto&& token) { return handle.send(message(OpCode::Signal), FORWARD(token)); });
    visit("send in time", Gives<bool>(),
          [=](auto&& token) { return handle.send(message(OpCode::Signal), longTime, FORWARD(token)); });
    visit("receive", Gives<MessagePtr>(), [=](auto&& token) { return handle.receive(FORWARD(token)); });
    visit("receive in time", Gives<MessagePtr>(),
          [=](auto&& token) { return handle.receive(longTime, FORWARD(token)); });
    visit("request", Gives<MessagePtr>(),
          [=](auto&& token) { return handle.request(message(), FORWARD(token)); });
    visit("request in time", Gives<MessagePtr>(),
          [=](auto&& token) { return handle.request(message(), longTime, FORWARD(token)); });
    visit("request with signals", Gives<MessagePtr>(),
          [=](auto&& token) { return handle.request(message(), longTime, ignoreSignal, FORWARD(token)); });
    visit("respond", Gives<void>(), [=](auto&& token) { return handle.respond(message(), FORWARD(token)); });
    visit("close", Gives<MessagePtr>(), [=](auto&& token) { return handle.close(FORWARD(token)); });
    visit("close with a bye", Gives<MessagePtr>(),
          [=](auto&& token) { return handle.close(message(), FORWARD(token)); });
    visit("sleep", Gives<void>(), [=](auto&& token) { return handle.sleep(longTime, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(Peer peer, Visit visit) {
    visitCommonVerbs(peer, visit);
    visit("respond with a body", Gives<void>(),
          [=](auto&& token) { return peer.respond(message(), "body", 0, FORWARD(token)); });
    visit("requestStream", Gives<StreamReader>(),
          [=](auto&& token) { return flows::requestStream(peer, message(), longTime, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(ReconnectingPeer link, Visit visit) {
    visitCommonVerbs(link, visit);
    visit("connected", Gives<bool>(), [=](auto&& token) { return link.connected(longTime, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(PeerGroup group, const Address& address, Visit visit) {
    visit("connect", Gives<Peer>(), [=](auto&& token) { return group.connect(address, {}, FORWARD(token)); });
    visit("connect to a text", Gives<Peer>(),
          [=](auto&& token) { return group.connect(toString(address), {}, FORWARD(token)); });
    visit("sleep", Gives<void>(), [=](auto&& token) { return group.sleep(longTime, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(Server& server, Visit visit) {
    visit("listening", Gives<void>(), [&](auto&& token) { return server.listening(FORWARD(token)); });
    visit("serve", Gives<void>(), [&](auto&& token) { return server.serve(echo, FORWARD(token)); });
    visit("stop", Gives<bool>(), [&](auto&& token) { return server.stop(longTime, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(StreamReader& reader, Visit visit) {
    visit("next", Gives<MessagePtr>(), [&](auto&& token) { return reader.next(FORWARD(token)); });
    visit("readTo", Gives<std::uint64_t>(),
          [&](auto&& token) { return reader.readTo(ignoreBytes, FORWARD(token)); });
    visit("readAll", Gives<std::string>(),
          [&](auto&& token) { return reader.readAll(1000, FORWARD(token)); });
}

template <typename Visit>
void visitVerbs(StreamWriter& writer, Visit visit) {
    static const std::string text(1000, 'x');
    visit("write", Gives<void>(), [&](auto&& token) {
        return writer.write(std::as_bytes(std::span(text.data(), text.size())), FORWARD(token));
    });
    visit("write text", Gives<void>(),
          [&](auto&& token) { return writer.write(std::string_view(text), FORWARD(token)); });
    visit("writeFrom", Gives<std::uint64_t>(),
          [&](auto&& token) { return writer.writeFrom(fillAll, FORWARD(token)); });
    visit("finish", Gives<void>(), [&](auto&& token) { return writer.finish(0, FORWARD(token)); });
    visit("answer", Gives<MessagePtr>(),
          [&](auto&& token) { return writer.answer(longTime, FORWARD(token)); });
    visit("answerStream", Gives<StreamReader>(),
          [&](auto&& token) { return writer.answerStream(longTime, FORWARD(token)); });
}

/// A handler of that signature that keeps the code.
template <typename T>
auto keeping(std::promise<error_code>& code) {
    if constexpr (std::is_void_v<T>)
        return [&code](const error_code& ec) { code.set_value(ec); };
    else
        return [&code](const error_code& ec, const T&) { code.set_value(ec); };
}

error_code awaited(std::promise<error_code>& code) {
    auto future = code.get_future();
    if (future.wait_for(patience) != std::future_status::ready) return make_error_code(Status::ConnectFailed);
    return future.get();
}

template <typename Operation>
asio::awaitable<void> codeBeforeATimer(Operation operation, error_code* code) {
    asio::steady_timer timer(co_await asio::this_coro::executor, longTime);
    auto either = std::move(operation) || timer.async_wait(asio::use_awaitable);
    const auto outcome = co_await std::move(either);
    EXPECT_EQ(outcome.index(), 0U);
    if (outcome.index() == 0) *code = std::get<0>(std::get<0>(outcome));
}

/// Starts a verb with every kind of token, and expects that it ends with that code at once.
class EndsAtOnce {
public:
    EndsAtOnce(asio::any_io_executor executor, Status expected)
        : executor_(std::move(executor)), expected_(expected) {}

    template <typename T, typename Start>
    void operator()(const char* verb, Gives<T>, Start start) const {
        SCOPED_TRACE(verb);
        try {
            start(asio::use_future).get();
            ADD_FAILURE() << "no exception in the future";
        } catch (const boost::system::system_error& error) {
            EXPECT_EQ(error.code(), expected_);
        }
        std::promise<error_code> called;
        start(keeping<T>(called));
        EXPECT_EQ(awaited(called), expected_);
        std::promise<error_code> deferred;
        auto operation = start(asio::deferred);
        std::move(operation)(keeping<T>(deferred));
        EXPECT_EQ(awaited(deferred), expected_);
        error_code code;
        run(executor_, codeBeforeATimer(start(asio::as_tuple(asio::use_awaitable)), &code));
        EXPECT_EQ(code, expected_);
#if BOOST_VERSION >= 108600
        std::promise<error_code> limited;
        start(asio::cancel_after(longTime, keeping<T>(limited)));
        EXPECT_EQ(awaited(limited), expected_);
#endif
    }

private:
    asio::any_io_executor executor_;
    Status expected_;
};

TEST(FlowsVerbs, OfEmptyHandlesWithEveryToken) {
    Reactor engine;
    const Address nowhere = TcpClientAddress{"127.0.0.1", 1};
    const EndsAtOnce ofChannel(engine.executor(), Status::InvalidChannelNumber);
    const EndsAtOnce ofGroup(engine.executor(), Status::InvalidChannelGroup);
    visitVerbs(Peer(), ofChannel);
    ReconnectingPeer link(engine, nowhere);
    const ReconnectingPeer otherLink = std::move(link);
    visitVerbs(link, ofGroup);  // NOLINT(bugprone-use-after-move)
    PeerGroup group(engine);
    const PeerGroup otherGroup = std::move(group);
    visitVerbs(group, nowhere, ofGroup);  // NOLINT(bugprone-use-after-move)
    Server server(engine, {localTcp()});
    const Server otherServer = std::move(server);
    visitVerbs(server, ofGroup);  // NOLINT(bugprone-use-after-move)
    StreamReader reader;
    visitVerbs(reader, ofChannel);
    FlowsPair pair(echo);
    StreamWriter writer(pair.connect());
    const StreamWriter otherWriter = std::move(writer);
    visitVerbs(writer, ofChannel);  // NOLINT(bugprone-use-after-move)
}

TEST(FlowsVerbs, ConnectWithEveryToken) {
    Reactor engine;
    EndsAtOnce(engine.executor(), Status::InvalidAddress)("connect", Gives<Peer>(), [&](auto&& token) {
        return flows::connect(engine, "nonsense", {}, FORWARD(token));
    });
}

/// Starts a verb that waits, and cancels it: by its slot, and by what Asio wraps around it.
class EndsWhenCancelled {
public:
    explicit EndsWhenCancelled(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    template <typename T, typename Start>
    void operator()(const char* verb, Gives<T>, Start start) const {
        SCOPED_TRACE(verb);
        for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                asio::cancellation_type::total}) {
            asio::cancellation_signal signal;
            std::promise<error_code> code;
            start(asio::bind_cancellation_slot(signal.slot(), keeping<T>(code)));
            asio::post(executor_, [&signal, type] { signal.emit(type); });  // behind the start
            EXPECT_EQ(awaited(code), asio::error::operation_aborted);
        }
#if BOOST_VERSION >= 108600
        std::promise<error_code> limited;
        start(asio::cancel_after(std::chrono::milliseconds(1), keeping<T>(limited)));
        EXPECT_EQ(awaited(limited), asio::error::operation_aborted);
#endif
    }

private:
    asio::any_io_executor executor_;
};

/// Takes everything and says nothing; a bye it keeps, so that nobody answers that.
asio::awaitable<void> keepEverything(Peer peer) {
    std::vector<MessagePtr> kept;
    for (;;)
        kept.push_back(co_await peer.receive());
}

TEST(FlowsVerbs, OfAPeerAreCancelled) {
    Options patient;
    patient.byeTimeout = longTime;
    FlowsPair pair(keepEverything, localTcp(), {}, patient, patient);
    const Peer peer = pair.connect();
    const EndsWhenCancelled check(peer.executor());
    visitVerbs(peer, [&check](const std::string& verb, auto gives, auto start) {
        if (verb.starts_with("send") || verb.starts_with("respond"))
            return;  // there is room: they do not wait
        if (!verb.starts_with("close")) check(verb.c_str(), gives, start);
    });
    check("close", Gives<MessagePtr>(), [&](auto&& token) { return peer.close(FORWARD(token)); });
    peer.abort();
}

TEST(FlowsVerbs, OfALinkThatFindsNobodyAreCancelled) {
    Reactor engine;
    const ReconnectingPeer link(engine, TcpClientAddress{"127.0.0.1", 1});
    const EndsWhenCancelled check(link.executor());
    visitVerbs(link, [&check](const std::string& verb, auto gives, auto start) {
        const bool endsAtOnce = verb.starts_with("respond") || verb.starts_with("close");
        if (!endsAtOnce) check(verb.c_str(), gives, start);
    });
}

TEST(FlowsVerbs, OfAServerAndItsClientsAreCancelled) {
    Reactor serverEngine;
    Reactor clientEngine;
    Server server(serverEngine, {localTcp()});
    const Address address = server.addresses().front();
    // Nobody serves yet, so nobody is let in.
    const EndsWhenCancelled onClient(clientEngine.executor());
    visitVerbs(PeerGroup(clientEngine), address, onClient);
    onClient("connect", Gives<Peer>(),
             [&](auto&& token) { return flows::connect(clientEngine, address, {}, FORWARD(token)); });

    std::promise<error_code> served;
    asio::cancellation_signal signal;
    const auto handler = [](Peer peer) { return peer.sleep(longTime); };
    server.serve(handler, asio::bind_cancellation_slot(signal.slot(), keeping<void>(served)));
    const Peer peer = flows::connect(clientEngine, address, {}, asio::use_future).get();
    EndsWhenCancelled(server.executor())("stop", Gives<bool>(),
                                         [&](auto&& token) { return server.stop(longTime, FORWARD(token)); });
    asio::post(server.executor(), [&signal] { signal.emit(asio::cancellation_type::total); });
    EXPECT_EQ(awaited(served), asio::error::operation_aborted);
}

asio::awaitable<void> beginAnAnswer(Peer peer) {
    StreamWriter writer(peer, co_await peer.receive(), StreamOptions{.partBytes = 1});
    co_await writer.write("ab");  // sends the first part
    co_await keepEverything(peer);
}

TEST(FlowsVerbs, OfAReaderAreCancelled) {
    FlowsPair pair(beginAnAnswer);
    const Peer peer = pair.connect();
    StreamReader reader = flows::requestStream(peer, message(), patience, asio::use_future).get();
    ASSERT_NE(reader.next(asio::use_future).get(), nullptr);
    visitVerbs(reader, EndsWhenCancelled(peer.executor()));
    peer.abort();
}

TEST(FlowsVerbs, OfAWriterAreCancelled) {
    FlowsPair pair([](Peer served) { return served.sleep(longTime); });
    const Peer peer = pair.connect();
    // Nobody reads the first part, and the reader is waited for as long as it takes.
    StreamWriter writer(peer, OpCode::Request,
                        StreamOptions{.partBytes = 1, .windowParts = 1, .patience = infinite});
    visitVerbs(writer, EndsWhenCancelled(peer.executor()));
    peer.abort();
}

}  // namespace
}  // namespace tempeh::test
