// Shows: both ends of a connection, with nothing but messages: the smallest use of the engine.
// Use it when: you want to check that your build works, or to see the life of a message.
// Prints: what arrived at the server's end, and what arrived at the client's.

#include <tempeh/tempeh.hpp>

#include <iostream>
#include <string>
#include <utility>

int main() {
    tempeh::Reactor engine;
    tempeh::ChannelGroup group = engine.createGroup();
    const tempeh::BlockingChannelGroup channels = group.blocking();
    const std::string path = tempeh::temporaryUdsPath();

    tempeh::MessagePtr message = engine.get();
    tempeh::UdsServerAddress{path}.format(*message);
    channels.post(std::move(message));  // listen
    message = channels.waitReceive();   // the WelcomeResponse: it works

    tempeh::UdsClientAddress{path}.format(*message);  // the same message again
    message->body.assign("hello");
    channels.post(std::move(message));  // connect
    message = channels.waitReceive();   // the HelloRequest, at the server's end
    std::cout << message->header.opCode << ": " << message->body.view() << '\n';

    message->header.opCode = tempeh::OpCode::HelloResponse;
    channels.post(std::move(message));  // back where it came from
    message = channels.waitReceive();
    std::cout << message->header.opCode << ": " << message->body.view() << '\n';
}
