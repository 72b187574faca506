// Shows: a client whose server is killed and restarted; none of its requests is lost.
// Use it when: the other side may be restarted, updated or moved while your program continues.
// Prints: which server answered what, and the states of the link in between.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <future>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// --- The server: this program again, in another process, until it is killed. ---

asio::awaitable<void> answer(flows::Peer client, std::string name) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), name);
    }
}

void serveForever(std::string path, std::string name) {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::UdsServerAddress{path}});
    const flows::Handler handler = [name](flows::Peer client) { return answer(std::move(client), name); };
    asio::co_spawn(engine.executor(), server.serve(handler), asio::use_future).get();
}

pid_t startServer(const std::string& path, const std::string& name) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive this sample
    ::execl("/proc/self/exe", "reconnect", path.c_str(), name.c_str(), nullptr);
    ::_exit(1);
}

void killServer(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

// --- The client. ---

asio::awaitable<std::string> ask(flows::ReconnectingPeer server, std::string question) {
    const MessagePtr response = co_await server.request(server.newMessage(OpCode::Request, question), 30s);
    co_return fmt::format("{}: {}", question, response ? response->body.view() : "no answer");
}

// State changes of the link arrive through receive(), in order with the messages.
asio::awaitable<std::string> untilReconnected(flows::ReconnectingPeer server) {
    std::string states;
    for (int connects = 0; connects < 2;) {
        const MessagePtr message = co_await server.receive();
        if (message->header.opCode == OpCode::HelloResponse) {
            states += ++connects == 1 ? "connected" : ", connected";
        } else if (message->isChannelClosed()) {
            states += ", lost";
        }
    }
    co_return states;
}

asio::awaitable<void> close(flows::ReconnectingPeer server) {
    co_await server.close();
}

void converse(const std::string& path) {
    pid_t process = startServer(path, "the first server");
    tempeh::Reactor engine;
    const flows::Backoff backoff{.initial = 10ms, .max = 50ms};
    const flows::ReconnectOptions options{.backoff = backoff, .unanswered = flows::Unanswered::SendAgain};
    const flows::ReconnectingPeer server(engine, tempeh::UdsClientAddress{path}, options);
    const auto run = [&engine](auto coroutine) {
        return asio::co_spawn(engine.executor(), std::move(coroutine), asio::use_future);
    };
    std::future<std::string> states = run(untilReconnected(server));
    fmt::print("{}\n", run(ask(server, "who is there?")).get());

    killServer(process);
    std::future<std::string> patient = run(ask(server, "and now?"));  // there is no server
    process = startServer(path, "the second server");
    fmt::print("{}\n", patient.get());

    fmt::print("{}\n", states.get());
    run(close(server)).get();
    killServer(process);
    ::unlink(path.c_str());
}

int main(int argc, char** argv) {
    if (argc == 3)
        serveForever(argv[1], argv[2]);
    else
        converse(tempeh::temporaryUdsPath());
}
