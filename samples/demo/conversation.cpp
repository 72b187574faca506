#include "conversation.hpp"

#include <tempeh/message/fmt.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace demo {

namespace {

using namespace std::chrono_literals;
using tempeh::MessagePtr;
using tempeh::OpCode;

constexpr auto reportInterval = 200ms;

template <typename... Arguments>
void require(bool condition, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!condition) throw std::runtime_error(fmt::format(text, std::forward<Arguments>(arguments)...));
}

}  // namespace

Conversation::Conversation(tempeh::Ampe& engine, const ClientSettings& settings)
    : engine_(engine), settings_(settings), lines_(settings.lineLength), times_(settings.burst) {}

// --- What is sent ---

MessagePtr Conversation::nextToSend() {
    if (stage_ == Stage::Start) return hello();
    if (stage_ != Stage::Talking) return nullptr;
    if (asked_ < burstEnd_) return request();
    if (answered_ < asked_) return nullptr;

    // A burst is answered. Before the next one: is it time for a report, or for the bye?
    const Clock::time_point now = Clock::now();
    if (now >= end_) {
        stage_ = Stage::ByeSent;
        return report(OpCode::ByeRequest);
    }
    if (now >= nextReport_) {
        nextReport_ = now + reportInterval;
        return report(OpCode::Signal);
    }
    burstEnd_ = asked_ + settings_.burst;
    return request();
}

MessagePtr Conversation::hello() {
    stage_ = Stage::HelloSent;
    MessagePtr hello = engine_.get();
    tempeh::format(settings_.server, *hello);  // makes it a HelloRequest to this address
    hello->textHeaders.append(nameHeader, settings_.name);
    hello->textHeaders.append(styleHeader, settings_.style);
    return hello;
}

MessagePtr Conversation::request() {
    MessagePtr request = message(OpCode::Request);
    request->header.messageId = ++asked_;  // without one of ours the engine would choose it
    request->body.append(lines_.asked(asked_));
    times_[asked_ % settings_.burst] = Clock::now();
    return request;
}

MessagePtr Conversation::report(OpCode opCode) {
    MessagePtr report = message(opCode);
    Report{.checked = answered_,
           .p50 = latency_.percentile(0.50),
           .p99 = latency_.percentile(0.99),
           .bar = latency_.bar()}
        .write(*report);
    return report;
}

MessagePtr Conversation::message(OpCode opCode) {
    MessagePtr message = engine_.get();
    message->header.opCode = opCode;
    message->header.channelNumber = channel_;
    return message;
}

// --- What comes ---

void Conversation::take(MessagePtr message) {
    require(message != nullptr, "the server does not answer");
    if (message->isFromEngine()) return takeStatus(*message);
    switch (message->header.opCode) {
        case OpCode::HelloResponse:
            channel_ = message->header.channelNumber;
            stage_ = Stage::Talking;
            end_ = Clock::now() + settings_.duration;
            return;
        case OpCode::Response:
            return takeAnswer(*message);
        case OpCode::Signal:
            return takeNews(*message);
        case OpCode::ByeResponse:
            return takeBye(*message);
        default:
            require(false, "unexpected: {}", *message);
    }
}

void Conversation::takeStatus(const tempeh::Message& status) {
    // PoolEmpty only says that reading waits until messages are given back.
    if (status.status() == tempeh::Status::PoolEmpty) return;
    require(status.isChannelClosed() && stage_ == Stage::ByeSent && wasAnsweredInFull_, "{}: {}",
            status.status(),
            status.textHeaders.find("~reason").value_or(make_error_code(status.status()).message()));
    stage_ = Stage::Over;
}

void Conversation::takeAnswer(const tempeh::Message& answer) {
    // The order of a channel is kept, so the answer must be to the oldest request.
    const std::uint64_t number = answered_ + 1;
    require(answer.header.messageId == number, "answer {} came instead of {}", answer.header.messageId,
            number);
    require(answer.body.view() == lines_.answered(number), "answer {} is wrong", number);
    latency_.add(Clock::now() - times_[number % settings_.burst]);
    answered_ = number;
}

void Conversation::takeNews(const tempeh::Message& news) {
    ++news_;
    require(news.textHeaders.find(newsHeader) == fmt::format("{}", news_), "news {} did not come", news_);
}

void Conversation::takeBye(const tempeh::Message& bye) {
    require(bye.textHeaders.find(answeredHeader) == fmt::format("{}", answered_),
            "the server counted {} answers, we {}", bye.textHeaders.find(answeredHeader).value_or("no"),
            answered_);
    wasAnsweredInFull_ = true;
}

}  // namespace demo
