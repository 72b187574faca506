// What the library opens is its own: programs that the process starts inherit none of it.

#include "faults/fault.hpp"

#include <tempeh/tempeh.hpp>

#include <gtest/gtest.h>

namespace tempeh::faults {
namespace {

using namespace std::chrono_literals;

/// Listens and connects there, hello exchanged.
void connectAt(Ampe& engine, const Address& where) {
    ChannelGroup group = engine.createGroup();
    BlockingChannelGroup channels = group.blocking();
    MessagePtr welcome = engine.get();
    format(where, *welcome);
    channels.post(std::move(welcome));
    const MessagePtr listening = channels.waitReceive(60s);
    ASSERT_NE(listening, nullptr);
    ASSERT_EQ(listening->status(), Status::Success);
    const Address bound = parseAddress(*listening);
    MessagePtr hello = engine.get();
    if (const auto* const uds = std::get_if<UdsServerAddress>(&bound))
        UdsClientAddress{uds->path}.format(*hello);
    else
        TcpClientAddress{"localhost", std::get<TcpServerAddress>(bound).port}.format(*hello);
    channels.post(std::move(hello));
    const MessagePtr accepted = channels.waitReceive(60s);
    ASSERT_NE(accepted, nullptr);
    EXPECT_EQ(accepted->header.opCode, OpCode::HelloRequest);
}

TEST(Descriptors, AreInheritedByNoProgramThatTheProcessStarts) {
    const unsigned before = inheritableDescriptors();
    Reactor engine;
    connectAt(engine, TcpServerAddress{"", 0});
    connectAt(engine, UdsServerAddress{temporaryUdsPath(), 0666});
    EXPECT_NE(findFreeTcpPort(), 0);
    EXPECT_EQ(inheritableDescriptors(), before);
}

}  // namespace
}  // namespace tempeh::faults
