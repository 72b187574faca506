#include <tempeh/tempeh.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

namespace {

int fail(const char* what) {
    std::fprintf(stderr, "consumer: %s\n", what);
    return 1;
}

// A listener and a client on one reactor: the Hello has to arrive.
int helloOverTcp(tempeh::Ampe& engine) {
    using std::chrono::seconds;
    tempeh::ChannelGroup serverGroup = engine.createGroup();
    tempeh::ChannelGroup clientGroup = engine.createGroup();
    tempeh::BlockingChannelGroup server = serverGroup.blocking();
    tempeh::BlockingChannelGroup client = clientGroup.blocking();

    const auto port = tempeh::findFreeTcpPort();
    tempeh::MessagePtr welcome = engine.get();
    tempeh::TcpServerAddress{"127.0.0.1", port}.format(*welcome);
    server.post(std::move(welcome));
    tempeh::MessagePtr listening = server.waitReceive(seconds(10));
    if (!listening || listening->status() != tempeh::Status::Success)
        return fail("the listener did not start");

    tempeh::MessagePtr hello = engine.get();
    tempeh::TcpClientAddress{"127.0.0.1", port}.format(*hello);
    client.post(std::move(hello));
    tempeh::MessagePtr received = server.waitReceive(seconds(10));
    if (!received || received->header.opCode != tempeh::OpCode::HelloRequest) return fail("no Hello arrived");
    return 0;
}

// What an application catches has to be the type that the library throws, across a shared library too.
int errorsAreCaught(tempeh::Ampe& engine) {
    tempeh::ChannelGroup group = engine.createGroup();
    try {
        group.post(tempeh::MessagePtr{});
    } catch (const tempeh::Error& error) {
        return error.code() == tempeh::Status::NullMessage
                   ? 0
                   : fail("a null message failed with another status");
    }
    return fail("a null message was accepted");
}

}  // namespace

int main() {
    try {
        tempeh::Reactor reactor(tempeh::Options{.initialPoolMessages = 4, .maxPoolMessages = 64});
        const int failed = helloOverTcp(reactor) + errorsAreCaught(reactor);
        return failed == 0 ? 0 : 1;
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
