#pragma once

#include "support/engine_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

/// What every transport has to carry over a Link.
namespace tempeh::test {

/// Messages of every size, both ways at once, in order.
inline void exchangeEverySize(Link& link) {
    const std::size_t sizes[] = {0, 1, 100, 4'000, 65'535, 9'000, 65'535, 65'535, 3};
    constexpr int rounds = 15;
    const auto send = [&](Party& party, ChannelNumber channel) {
        for (int round = 0; round < rounds; ++round)
            for (const std::size_t size : sizes)
                party.post(OpCode::Signal, channel, std::string(size, static_cast<char>('a' + round % 26)));
    };
    const auto expect = [&](Party& party) {
        for (int round = 0; round < rounds; ++round)
            for (const std::size_t size : sizes)
                ASSERT_EQ(party.next(OpCode::Signal)->body.view(),
                          std::string(size, static_cast<char>('a' + round % 26)));
    };
    send(link.client.party, link.atClient);
    send(link.server.party, link.atServer);
    expect(link.server.party);
    expect(link.client.party);
}

/// A thread answers what another one asks.
inline void askAndAnswerOnThreads(Link& link) {
    constexpr int rounds = 300;
    std::jthread answering([&] {
        for (int i = 0; i < rounds; ++i) {
            MessagePtr request = link.server->next(OpCode::Request);
            request->header.opCode = OpCode::Response;
            link.server->post(std::move(request));
        }
    });
    for (int i = 0; i < rounds; ++i) {
        link.client->post(OpCode::Request, link.atClient, std::to_string(i));
        EXPECT_EQ(link.client->next(OpCode::Response)->body.view(), std::to_string(i));
    }
}

}  // namespace tempeh::test
