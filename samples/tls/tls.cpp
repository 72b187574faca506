// Shows: mutual TLS. Who may talk is decided by certificates; they are replaced while everything runs.
// Use it when: what you send crosses a network that others use too, or the other side must prove who it is.
// Prints: whom each side talks to, and how a client without a certificate is refused.

#include <tempeh/flows.hpp>
#include <tempeh/tls.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;

namespace {

/// Certificates of the folder that make_certificates has filled.
std::shared_ptr<tempeh::TlsContext> certificatesOf(const std::string& folder, const std::string& name) {
    return std::make_shared<tempeh::TlsContext>(
        tempeh::TlsOptions{.certificateChainFile = folder + "/" + name + ".pem",
                           .privateKeyFile = folder + "/" + name + ".key",
                           .caFile = folder + "/ca.pem"});
}

tempeh::Options engineWith(std::shared_ptr<tempeh::TlsContext> certificates) {
    tempeh::Options options;
    options.tls = std::move(certificates);
    return options;
}

/// Not every certificate of the CA will do.
std::uint8_t admit(flows::Hello& hello) {
    const auto& certificate = hello.channel.peerCertificate;
    const bool isWorker =
        certificate != nullptr && certificate->isVerified && certificate->subject == "CN=worker";
    return isWorker ? 0 : static_cast<std::uint8_t>(tempeh::Status::NotAllowed);
}

asio::awaitable<void> answer(flows::Peer peer) {
    const std::string who = peer.info().peerCertificate->subject;
    for (;;) {
        tempeh::MessagePtr request = co_await peer.receive();
        if (request->header.opCode != tempeh::OpCode::Request) continue;
        co_await peer.respond(std::move(request), "hello, " + who);
    }
}

asio::awaitable<void> ask(tempeh::Reactor& engine, tempeh::Address server) {
    flows::Peer peer = co_await flows::connect(engine, std::move(server));
    std::cout << "the server is " << peer.info().peerCertificate->subject << '\n';
    const tempeh::MessagePtr reply =
        co_await peer.request(peer.newMessage(tempeh::OpCode::Request, "who am I?"));
    std::cout << reply->body.view() << '\n';
    co_await peer.close();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "certificates";
    const auto certificates = certificatesOf(folder, "server");
    tempeh::Reactor serverEngine(engineWith(certificates));
    flows::Server server(serverEngine, {tempeh::TlsServerAddress{"127.0.0.1", 0}}, {.accept = admit});
    auto serving = asio::co_spawn(serverEngine.executor(), server.serve(answer), asio::use_future);
    const tempeh::Address address = flows::clientAddressOf(server.addresses().front());

    tempeh::Reactor worker(engineWith(certificatesOf(folder, "worker")));
    asio::co_spawn(worker.executor(), ask(worker, address), asio::use_future).get();

    certificates->reload();  // after the files were renewed: from now on new connections get the new ones
    asio::co_spawn(worker.executor(), ask(worker, address), asio::use_future).get();

    tempeh::Reactor stranger(engineWith(certificatesOf(folder, "stranger")));
    try {
        asio::co_spawn(stranger.executor(), ask(stranger, address), asio::use_future).get();
    } catch (const flows::Refused& refused) {
        std::cout << "a stranger is refused: " << tempeh::statusFromRaw(refused.rawStatus()) << '\n';
    }
    asio::co_spawn(serverEngine.executor(), server.stop(std::chrono::seconds(1)), asio::use_future).get();
    serving.get();
}
