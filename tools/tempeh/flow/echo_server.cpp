#include "flow/echo_server.hpp"

#include <tempeh/flows/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace tool {

namespace {

namespace asio = boost::asio;
namespace flows = tempeh::flows;

std::vector<tempeh::Address> listenOn(const std::string& transport) {
    if (transport == "uds") return {tempeh::UdsServerAddress{}};
    return {tempeh::TcpServerAddress{"127.0.0.1", 0}};
}

asio::awaitable<void> echo(flows::Peer peer) {
    for (;;) {
        tempeh::MessagePtr message = co_await peer.receive();
        if (message->header.opCode == tempeh::OpCode::Request) co_await peer.respond(std::move(message));
    }
}

}  // namespace

EchoServer::EchoServer(const std::string& transport, const tempeh::Options& options)
    : engine_(options)
    , server_(engine_, listenOn(transport))
    , served_(asio::co_spawn(engine_.executor(), server_.serve(echo), asio::use_future)) {}

EchoServer::~EchoServer() {
    constexpr auto patience = std::chrono::seconds(1);
    try {
        asio::co_spawn(engine_.executor(), server_.stop(patience), asio::use_future).get();
        served_.get();
    } catch (const std::exception&) {
        return;  // the engine's end closes what is left
    }
}

std::string EchoServer::address() const {
    const tempeh::Address address = flows::clientAddressOf(server_.addresses().front());
    return tempeh::toString(address);
}

}  // namespace tool
