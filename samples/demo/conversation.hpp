#pragma once

#include "latency.hpp"
#include "talk.hpp"

#include <tempeh/tempeh.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace demo {

struct ClientSettings {
    std::string name;
    std::string style;
    tempeh::Address server;
    std::size_t lineLength = 0;  ///< Bytes.
    std::uint64_t burst = 1;     ///< Requests under way at a time.
    std::chrono::milliseconds duration{};
};

/// A client's side of the talk: what to send next and what to make of what came. Knows nothing about waiting,
/// so a coroutine and a thread can both lead it (clients.cpp). Throws std::runtime_error when something is
/// not as agreed.
class Conversation {
public:
    Conversation(tempeh::Ampe& engine, const ClientSettings& settings);

    /// The next message to post; null: first wait for one.
    tempeh::MessagePtr nextToSend();
    /// What came; null: nothing did, for too long.
    void take(tempeh::MessagePtr message);
    /// The bye is exchanged and the channel closed.
    bool isOver() const noexcept { return stage_ == Stage::Over; }

private:
    using Clock = std::chrono::steady_clock;
    enum class Stage { Start, HelloSent, Talking, ByeSent, Over };

    tempeh::MessagePtr hello();
    tempeh::MessagePtr request();
    tempeh::MessagePtr report(tempeh::OpCode opCode);
    tempeh::MessagePtr message(tempeh::OpCode opCode);

    void takeStatus(const tempeh::Message& status);
    void takeAnswer(const tempeh::Message& answer);
    void takeNews(const tempeh::Message& news);
    void takeBye(const tempeh::Message& bye);

    tempeh::Ampe& engine_;
    const ClientSettings settings_;
    const Lines lines_;
    Stage stage_ = Stage::Start;
    tempeh::ChannelNumber channel_ = 0;
    Clock::time_point end_;
    Clock::time_point nextReport_;
    std::uint64_t burstEnd_ = 0;            // requests of this burst and all before
    std::uint64_t asked_ = 0;               // requests sent; their numbers are their message ids
    std::uint64_t answered_ = 0;            // answers that came and were right
    std::uint64_t news_ = 0;                // the last one heard
    std::vector<Clock::time_point> times_;  // when the requests of the burst were sent
    Latency latency_;
    bool wasAnsweredInFull_ = false;
};

}  // namespace demo
