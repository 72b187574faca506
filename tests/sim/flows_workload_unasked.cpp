// What the server sends that nobody asked for, and what it asks back.

#include "sim/flows_workload.hpp"
#include "sim/presence.hpp"

#include <fmt/format.h>

namespace tempeh::test {

using namespace std::chrono_literals;

/// News, words about a request that is over, and such about a stream that never was.
asio::awaitable<void> FlowsWorkload::pester(flows::Peer peer, MessageId request) {
    const Presence presence(coroutines_);
    try {
        for (std::uint32_t i = 1 + below(oneIn(4) ? 200 : 10); i != 0; --i) {
            MessagePtr signal = peer.newMessage(OpCode::Signal, "news");
            switch (below(3)) {
                case 0:
                    signal->header.messageId = request;
                    break;
                case 1:
                    signal->header.messageId = request;
                    signal->textHeaders.append("stream-read", "1");
                    break;
                default:
                    break;
            }
            co_await peer.send(std::move(signal));
            if (oneIn(10)) co_await peer.sleep(millis(50));
        }
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

/// The server asks its client before it answers.
asio::awaitable<void> FlowsWorkload::askBack(flows::Peer peer, const std::string& token) {
    const std::string question = token + " or what";
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, question), 8s);
    if (answer == nullptr) co_return;
    if (answer->body.view() != question)
        fail(fmt::format("the answer to another question: {} for {}", answer->body.view(), question));
    ++counts_.askedBack;
}

asio::awaitable<void> FlowsWorkload::answerBack(flows::Peer peer) {
    const Presence presence(coroutines_);
    try {
        for (;;) {
            MessagePtr message = co_await peer.receive();
            if (message->header.opCode != OpCode::Request) continue;
            if (oneIn(6)) co_await peer.sleep(millis(100));
            if (!oneIn(12)) co_await peer.respond(std::move(message));
        }
    } catch (const Error& error) {
        if (!isExpected(error)) throw;
    }
}

/// Whatever else there is: on a good network it is answered in the end.
asio::awaitable<void> FlowsWorkload::askCertainly(flows::Peer peer) {
    MessagePtr request = peer.newMessage(OpCode::Request, "certain");
    request->textHeaders.append("Certain", "1");
    const MessagePtr answer = co_await peer.request(std::move(request), certainlyIn);
    if (answer == nullptr && !isFaulty_) fail("a request was never answered");
}

}  // namespace tempeh::test
