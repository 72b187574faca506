// Shows: a client sends one request of any size, in parts; the server reads it as it comes, and answers once.
// Use it when: a body may be larger than 64 KB, or is not known as a whole when you begin to send it.
// Prints: what the server read, and that the client got the same sum.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

std::uint64_t fnv1a(std::span<const std::byte> bytes, std::uint64_t sum = 14695981039346656037U) {
    for (const std::byte byte : bytes)
        sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
    return sum;
}

asio::awaitable<void> receiveUploads(flows::Peer client) {
    for (;;) {
        MessagePtr first = co_await client.receive();
        if (first->header.opCode != OpCode::Request) continue;
        const std::string name(first->textHeaders.find("name").value_or("?"));

        flows::StreamReader upload(client, std::move(first));
        std::uint64_t sum = fnv1a({});
        std::uint64_t size = 0;
        while (const MessagePtr part = co_await upload.next()) {  // null after the last part
            sum = fnv1a(part->body.bytes(), sum);
            size += part->body.size();
        }
        fmt::print("server: {}, {} bytes\n", name, size);

        MessagePtr answer = client.newMessage(OpCode::Response, std::to_string(sum));
        answer->header.messageId = upload.id();
        co_await client.send(std::move(answer));
    }
}

asio::awaitable<void> upload(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);
    flows::StreamWriter writer(server);
    writer.textHeaders().append("name", "measurements");
    std::uint64_t sum = fnv1a({});
    for (int i = 0; i < 100'000; ++i) {
        const std::string line = fmt::format("measurement {} is {}\n", i, i * 7919 % 1000);
        sum = fnv1a(std::as_bytes(std::span(line)), sum);
        co_await writer.write(line);  // waits while the server is a window behind
    }
    const MessagePtr answer = co_await writer.answer(10s);
    const bool isSame = answer && answer->body.view() == std::to_string(sum);
    fmt::print("client: the server has {}\n", isSame ? "the same" : "something else");
    co_await server.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(receiveUploads), asio::detached);
    asio::co_spawn(engine.executor(), upload(engine, server.addresses().front()), asio::use_future).get();
}
