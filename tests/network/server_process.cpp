#include "network/server_process.hpp"

#include "support/tally.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tempeh::test {

using namespace std::chrono_literals;

namespace {

asio::awaitable<void> serveWhileHeard(flows::Peer peer, TallyBook* book) {
    const flows::Heartbeat heartbeat(peer, {.interval = 100ms, .silence = 2s});
    co_await book->serve(peer);
}

asio::awaitable<bool> stop(flows::Server* server) {
    co_return co_await server->stop(30s);
}

}  // namespace

int serveUntilStdinEnds(const std::string& host) {
    TallyBook book;
    Reactor reactor;
    {
        flows::Server server(reactor, {TcpServerAddress{host, 0}});
        const flows::Handler handler = [&book](flows::Peer peer) {
            return serveWhileHeard(std::move(peer), &book);
        };
        std::cout << std::get<TcpServerAddress>(server.addresses().at(0)).port << '\n' << std::flush;
        auto serving = asio::co_spawn(reactor.executor(), server.serve(handler), asio::use_future);
        char ignored[64];
        while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
        }
        asio::co_spawn(reactor.executor(), stop(&server), asio::use_future).get();
        serving.get();
    }
    reactor.shutdown(30s);
    const EngineStats stats = reactor.stats();
    const bool isClean = stats.channels == 0 && stats.pool.outstanding == 0;
    if (!isClean)
        std::cerr << "server: " << stats.channels << " channels and " << stats.pool.outstanding
                  << " messages left\n";
    return isClean ? 0 : 1;
}

ServerProcess::ServerProcess(const std::string& networkNamespace, const std::string& host) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    input_ = raw::Descriptor(in[1]);
    output_ = raw::Descriptor(out[0]);
    const raw::Descriptor itsInput(in[0]);
    const raw::Descriptor itsOutput(out[1]);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, itsInput.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, itsOutput.get(), STDOUT_FILENO);
    std::vector<std::string> words{
        "ip",      "netns", "exec", networkNamespace, std::filesystem::read_symlink("/proc/self/exe"),
        "--serve", host};
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int failed = ::posix_spawnp(&process_, "ip", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start the server process");
    port_ = static_cast<std::uint16_t>(std::stoul(readLine()));
}

ServerProcess::~ServerProcess() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
}

std::string ServerProcess::readLine() {
    std::string line;
    for (char c = 0; output_.waitFor(POLLIN) && ::read(output_.get(), &c, 1) == 1 && c != '\n';)
        line.push_back(c);
    if (line.empty()) throw std::runtime_error("the server process does not say where it listens");
    return line;
}

int ServerProcess::wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0)
        if (errno != EINTR) break;
    process_ = -1;
    return status;
}

bool ServerProcess::endsClean() {
    input_.close();
    const int status = wait();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace tempeh::test
