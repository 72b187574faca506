// Shows: a file of any size as the answer to one request; its checksum comes with the last part.
// Use it when: an answer may be larger than 64 KB. Neither side ever holds more than a few parts of it.
// Prints: name, size and check of the file downloaded: stream_down [FILE], by default one made for this.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

std::uint64_t fnv1a(std::span<const std::byte> bytes, std::uint64_t sum = 14695981039346656037U) {
    for (const std::byte byte : bytes)
        sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
    return sum;
}

// Reads straight into the messages. Knows one file: what a client may ask for is the server's to decide.
asio::awaitable<void> sendFile(flows::Peer client, fs::path path) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        std::ifstream file(path, std::ios::binary);
        std::uint64_t sum = fnv1a({});
        const flows::StreamSource fromFile = [&](std::span<std::byte> room) {
            file.read(reinterpret_cast<char*>(room.data()), static_cast<std::streamsize>(room.size()));
            const auto size = static_cast<std::size_t>(file.gcount());
            sum = fnv1a(room.first(size), sum);
            return size;
        };
        flows::StreamWriter writer(client, std::move(request));
        writer.textHeaders().append("name", path.filename().string());
        co_await writer.writeFrom(fromFile);
        writer.textHeaders().append("sum", std::to_string(sum));  // of the last part now
        co_await writer.finish();
    }
}

asio::awaitable<void> download(tempeh::Ampe& engine, tempeh::Address address, fs::path to) {
    flows::Peer server = co_await flows::connect(engine, address);
    MessagePtr request = server.newMessage(OpCode::Request, "the file, please");
    flows::StreamReader reader = co_await flows::requestStream(server, std::move(request), 10s);
    if (!reader) throw std::runtime_error("no answer in 10 s");

    std::ofstream file(to, std::ios::binary);
    std::uint64_t sum = fnv1a({});
    std::string name, sent;
    while (const MessagePtr part = co_await reader.next()) {
        file.write(part->body.view().data(), static_cast<std::streamsize>(part->body.size()));
        sum = fnv1a(part->body.bytes(), sum);
        if (const auto value = part->textHeaders.find("name")) name = *value;
        if (const auto value = part->textHeaders.find("sum")) sent = *value;
    }
    file.close();
    fmt::print("{}: {} bytes, checksum {}\n", name, fs::file_size(to),
               std::to_string(sum) == sent ? "right" : "WRONG");
    co_await server.close();
}

void makeFile(const fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    for (int i = 0; i < 300'000; ++i)
        file << "line " << 100'000 + i % 100'000 << '\n';
}

int main(int argc, char** argv) {
    const fs::path folder = tempeh::temporaryUdsPath() + ".d";  // a name that nobody else has
    fs::create_directory(folder);
    const fs::path path = argc > 1 ? fs::path(argv[1]) : folder / "lines.txt";
    if (argc == 1) makeFile(path);

    asio::thread_pool disk(1);  // files block, and must not hold up the sockets: handlers run here
    tempeh::Reactor engine;     // the first to go
    flows::Server server(engine, {tempeh::UdsServerAddress{}}, {.executor = disk.get_executor()});
    const flows::Handler handler = [path](flows::Peer client) { return sendFile(std::move(client), path); };
    asio::co_spawn(disk, server.serve(handler), asio::detached);
    asio::co_spawn(disk, download(engine, server.addresses().front(), folder / "copy"), asio::use_future)
        .get();
    fs::remove_all(folder);
}
