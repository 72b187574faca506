// Shows: a server on a socket that was opened before it started, as systemd does it (socket activation).
// Use it when: a restart must refuse no client, or the program may not open its port itself.
// Prints: the answer of the server, a child process that was handed the socket of its parent.

#include <tempeh/all.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> answer(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), "served");
    }
}

// FileDescriptorName=requests in the unit. `fd|3` would do as well: the first socket is always 3.
void serve() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::FdServerAddress{"requests"}});
    asio::co_spawn(engine.executor(), server.serve(answer), asio::use_future).get();
}

// --- What systemd does. ---

int listeningSocket(std::uint16_t& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool works = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                       ::listen(socket, 16) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (!works) std::abort();
    port = ntohs(address.sin_port);
    return socket;
}

pid_t startWith(int socket) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive this sample
    if (socket != 3) ::dup2(socket, 3);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_FDNAMES", "requests", 1);
    ::execl("/proc/self/exe", "activated", "serve", nullptr);
    ::_exit(1);
}

int main(int argc, char**) {
    if (argc == 2) {
        serve();
        return 0;
    }
    std::uint16_t port = 0;
    const int socket = listeningSocket(port);
    const pid_t server = startWith(socket);
    ::close(socket);
    tempeh::Reactor engine;  // the client may come before the server has started: the kernel queues it
    const flows::BlockingPeer peer =
        flows::connectBlocking(engine, tempeh::TcpClientAddress{"127.0.0.1", port});
    fmt::print("{}\n", peer.request(peer.newMessage(OpCode::Request), 30s)->body.view());
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
}
