// Service, Services and ServiceThread: one thread, one receive loop, pluggable services.

#include "support/echo_service.hpp"
#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Service;
using flows::Services;
using flows::ServiceThread;

TEST(FlowsMultiHomed, EchoesAtAllItsAddresses) {
    Reactor engine;
    Reactor clients;
    EchoService echoes;
    ServiceThread server(engine, {localTcp(), UdsServerAddress{}}, echoes);
    ASSERT_EQ(server.addresses().size(), 2U);
    for (const Address& address : server.addresses()) {
        const BlockingPeer peer = flows::connectBlocking(clients, address);
        const MessagePtr answer = peer.request(peer.newMessage(OpCode::Request, "hi"), patience);
        EXPECT_EQ(answer->body.view(), "hi");
        peer.send(peer.newMessage(OpCode::Signal, "news"));
        EXPECT_EQ(peer.receive(patience)->body.view(), "news");
        EXPECT_NE(peer.close(), nullptr);
    }
    EXPECT_TRUE(server.isRunning());
    server.stop();
    EXPECT_FALSE(server.isRunning());
    EXPECT_EQ(server.failure(), nullptr);
    EXPECT_EQ(echoes.echoed(), 6U) << "two hellos, two requests, two signals";
    server.stop();
}

TEST(FlowsMultiHomed, SaysWhichAddressCannotBeBound) {
    Reactor engine;
    EchoService echoes;
    const ServiceThread first(engine, {localTcp()}, echoes);
    EchoService others;
    std::string what;
    try {
        const ServiceThread second(engine, {UdsServerAddress{}, first.addresses().front()}, others);
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::ListenFailed);
        what = error.what();
    }
    EXPECT_NE(what.find(toString(first.addresses().front())), std::string::npos) << what;
    EXPECT_THROW(ServiceThread(engine, {TcpClientAddress{"127.0.0.1", 1}}, others), Error);
}

/// Notes what is done with it.
class Noting final : public Service {
public:
    explicit Noting(std::vector<std::string>* notes, std::string name)
        : notes_(notes), name_(std::move(name)) {}
    void start(Ampe&, BlockingChannelGroup channels) override {
        notes_->push_back(name_ + " starts");
        if (name_ == "broken") throw std::runtime_error("cannot start");
        channels_.emplace(std::move(channels));
    }
    bool onMessage(MessagePtr& message) override {
        if (message->header.opCode == OpCode::HelloRequest) return true;
        if (message->header.opCode != OpCode::Request) return true;
        if (message->body.view() == "end") return false;
        if (message->body.view() == "throw") throw std::runtime_error("as asked");
        if (message->body.view() != name_) return true;
        message->header.opCode = OpCode::Response;
        message->body.append(" took it");
        channels_->post(std::move(message));
        return true;
    }
    void stop() noexcept override { notes_->push_back(name_ + " stops"); }

private:
    std::vector<std::string>* notes_;
    std::string name_;
    std::optional<BlockingChannelGroup> channels_;
};

TEST(FlowsServices, TakeWhatIsTheirsAndStopInReverse) {
    Reactor engine;
    Reactor clients;
    std::vector<std::string> notes;
    Services services;
    services.add(std::make_unique<Noting>(&notes, "a"));
    services.add(std::make_unique<Noting>(&notes, "b"));
    services.add(std::make_unique<EchoService>());
    {
        const ServiceThread server(engine, {UdsServerAddress{}}, services);
        const BlockingPeer peer = flows::connectBlocking(clients, server.addresses().front());
        EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "b"), patience)->body.view(), "b took it");
        EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "a"), patience)->body.view(), "a took it");
        EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "c"), patience)->body.view(), "c");
    }
    EXPECT_EQ(notes, (std::vector<std::string>{"a starts", "b starts", "b stops", "a stops"}));
}

TEST(FlowsServices, ThatCannotStartStopTheOthers) {
    Reactor engine;
    std::vector<std::string> notes;
    Services services;
    services.add(std::make_unique<Noting>(&notes, "a"));
    services.add(std::make_unique<Noting>(&notes, "broken"));
    EXPECT_THROW(ServiceThread(engine, {UdsServerAddress{}}, services), std::runtime_error);
    EXPECT_EQ(notes, (std::vector<std::string>{"a starts", "broken starts", "a stops"}));
}

TEST(FlowsMultiHomed, EndsWhenItsServiceSaysSoOrThrows) {
    for (const std::string_view word : {"end", "throw"}) {
        Reactor engine;
        Reactor clients;
        std::vector<std::string> notes;
        Services services;
        services.add(std::make_unique<Noting>(&notes, "a"));
        services.add(std::make_unique<EchoService>());
        ServiceThread server(engine, {UdsServerAddress{}}, services);
        const BlockingPeer peer = flows::connectBlocking(clients, server.addresses().front());
        EXPECT_THROW(peer.request(peer.newMessage(OpCode::Request, word), patience), Error);
        EXPECT_TRUE(eventually([&] { return !server.isRunning(); }));
        server.stop();
        EXPECT_EQ(server.failure() != nullptr, word == "throw");
        EXPECT_EQ(notes.back(), "a stops");
    }
}

TEST(FlowsMultiHomed, EndsWithItsEngine) {
    Reactor engine;
    EchoService echoes;
    const ServiceThread server(engine, {localTcp()}, echoes);
    engine.shutdown(patience);
    EXPECT_TRUE(eventually([&] { return !server.isRunning(); }));
}

TEST(FlowsServices, MayCloseAClientThatDoesNotRead) {
    Reactor engine(Options{.sendQueueMessages = 8, .sendBufferBytes = 16 * 1024});
    EchoService echoes;
    const ServiceThread server(engine, {localTcp()}, echoes);
    // Its few messages are soon all in its send queue, so that it is paused when the server closes.
    Reactor clients(Options{.initialPoolMessages = 0,
                            .maxPoolMessages = 4,
                            .byeTimeout = 200ms,
                            .receiveBufferBytes = 16 * 1024});
    Party deaf(clients);
    const ChannelNumber channel = deaf.sayHello(clientAddressOf(server.addresses().front())).channelNumber;
    const std::string large(60'000, 'x');
    error_code ec;
    for (int i = 0; i < 2000 && !ec; ++i) {
        MessagePtr request = deaf.make(OpCode::Request, channel, large);
        deaf.channels.post(std::move(request), ec);
        if (ec == Status::SendQueueFull) deaf.channels.waitWritable(channel, patience, ec);
    }
    deaf.waitFor(OpCode::Signal, Status::ChannelClosed);
    Reactor others;
    const BlockingPeer peer = flows::connectBlocking(others, server.addresses().front());
    EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "still here"), patience)->body.view(),
              "still here");
}

}  // namespace
}  // namespace tempeh::test
