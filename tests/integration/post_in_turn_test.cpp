#include "support/engine_fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <string>

namespace tempeh::test {
namespace {

// What one handler posts on the reactor's thread is written at its end. That its messages outnumber the send
// queue until then says nothing about the peer, which reads: an echo server that answers a whole read at once
// must not meet SendQueueFull for it.
TEST(PostInTurn, MoreSmallMessagesThanTheSendQueueHoldsGoOut) {
    constexpr int count = 1000;
    Link link({}, Options{.sendQueueMessages = 16});
    const auto postAll = [&] {
        int refused = 0;
        for (int i = 0; i < count; ++i) {
            error_code ec;
            link.client->group.post(link.client->make(OpCode::Signal, link.atClient, std::to_string(i)), ec);
            if (ec) ++refused;
        }
        return refused;
    };
    ASSERT_EQ(asio::post(link.client.reactor.executor(), asio::use_future(postAll)).get(), 0);
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(link.server->next(OpCode::Signal)->body.view(), std::to_string(i));
}

}  // namespace
}  // namespace tempeh::test
