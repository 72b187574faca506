#pragma once

#include "support/engine_fixture.hpp"
#include "support/flows_fixture.hpp"
#include "support/tally.hpp"

#include <tempeh/flows.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace tempeh::test {

/// Numbered requests over a peer or a link to an echo server, and what became of them.
struct Asked {
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> failed{0};  // with ChannelClosed
    std::atomic<std::uint64_t> wrong{0};   // another answer, another error, no end in `patience`
    std::atomic<bool> isStopping{false};
};

template <typename Link>
asio::awaitable<void> askOnce(Link link, Asked* asked) {
    const std::uint64_t number = ++asked->begun;
    MessagePtr request = link.newMessage(OpCode::Request);
    putNumber(*request, number);
    request->body.append(pattern(number % 3000));
    error_code ec;
    MessagePtr answer;
    try {
        answer = co_await link.request(std::move(request), patience);
    } catch (const Error& error) {
        ec = error.code();
    }
    if (ec == Status::ChannelClosed) {
        ++asked->failed;
        co_return;
    }
    const bool isRight = !ec && answer != nullptr && numberOf(*answer) == number &&
                         answer->body.view().substr(8) == pattern(number % 3000);
    EXPECT_TRUE(isRight) << "request " << number << ": " << (ec ? ec.message() : "a wrong answer, or none");
    ++(isRight ? asked->answered : asked->wrong);
}

template <typename Link>
asio::awaitable<void> askOften(Link link, Asked* asked, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
        co_await askOnce(link, asked);
}

template <typename Link>
asio::awaitable<void> askUntilStopped(Link link, Asked* asked) {
    while (!asked->isStopping)
        co_await askOnce(link, asked);
}

}  // namespace tempeh::test
