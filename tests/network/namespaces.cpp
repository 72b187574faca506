#include "network/namespaces.hpp"

#include "support/raw_peer.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tempeh::test {

namespace {

const std::string prefix = "tempeh-net-";
const std::filesystem::path folder = "/run/netns";

void ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    std::string line;
    for (const std::string& word : words)
        line += (line.empty() ? "" : " ") + word;
    if (runProgram(words) != 0) throw std::runtime_error("failed: " + line);
}

/// Namespaces of processes that are no more.
void sweep() {
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(prefix)) continue;
        const int owner = std::atoi(name.c_str() + prefix.size());
        if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) runProgram({"ip", "netns", "del", name});
    }
}

bool canMakeOne() {
    const std::string name = prefix + std::to_string(::getpid()) + "-try";
    // Some containers have root without the right to any of this.
    const bool isMade = runProgram({"ip", "netns", "add", name}) == 0;
    const std::string device = "tn" + std::to_string(::getpid());
    const bool isJoined =
        isMade && runProgram({"ip", "-n", name, "link", "add", device, "type", "veth"}) == 0;
    runProgram({"ip", "netns", "del", name});
    return isJoined;
}

}  // namespace

int runProgram(const std::vector<std::string>& words) {
    std::vector<std::string> copies = words;
    std::vector<char*> arguments;
    for (std::string& word : copies)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (::posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ) != 0)
        return -1;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Namespaces::whyNot() {
    if (::geteuid() != 0) return "only root may make network namespaces";
    if (runProgram({"ip", "-V"}) != 0) return "the program ip is not installed (Debian: iproute2)";
    if (!canMakeOne()) return "this system gives root no network namespaces, or no veth interfaces";
    return {};
}

Namespaces::Namespaces()
    : server_(prefix + std::to_string(::getpid()) + "-server")
    , client_(prefix + std::to_string(::getpid()) + "-client")
    , serverDevice_("tns" + std::to_string(::getpid())) {
    sweep();
    const std::string clientDevice = "tnc" + std::to_string(::getpid());
    ip({"netns", "add", server_});
    ip({"netns", "add", client_});
    ip({"-n", server_, "link", "add", serverDevice_, "type", "veth", "peer", "name", clientDevice, "netns",
        client_});
    ip({"-n", server_, "address", "add", std::string(serverAddress) + "/24", "dev", serverDevice_});
    ip({"-n", client_, "address", "add", std::string(clientAddress) + "/24", "dev", clientDevice});
    for (const std::string& name : {server_, client_})
        ip({"-n", name, "link", "set", "lo", "up"});
    ip({"-n", client_, "link", "set", clientDevice, "up"});
    restore();
}

Namespaces::~Namespaces() {
    for (const std::string& name : {server_, client_})
        runProgram({"ip", "netns", "del", name});
}

void Namespaces::cut() {
    ip({"-n", server_, "link", "set", serverDevice_, "down"});
}

void Namespaces::restore() {
    ip({"-n", server_, "link", "set", serverDevice_, "up"});
}

void runIn(const std::string& networkNamespace, const std::function<void()>& body) {
    std::exception_ptr failure;
    std::thread([&] {
        try {
            const std::string path = folder / networkNamespace;
            const raw::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
            if (descriptor.get() < 0 || ::setns(descriptor.get(), CLONE_NEWNET) != 0)
                throw std::runtime_error("cannot enter " + path);
            body();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace tempeh::test
