#include "processes.hpp"

#include <csignal>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace demo {

ClientProcesses::~ClientProcesses() {
    for (const pid_t pid : running_)
        kill(pid, SIGTERM);
    collect(0);
}

void ClientProcesses::start(const std::vector<std::string>& arguments) {
    std::vector<char*> argv{const_cast<char*>("tempeh_demo")};  // posix_spawn() changes none of them
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv.data(), environ);
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start a client");
    running_.push_back(pid);
}

bool ClientProcesses::haveFailed() {
    collect(WNOHANG);
    return haveFailed_;
}

bool ClientProcesses::waitForAll() {
    collect(0);
    return !haveFailed_;
}

void ClientProcesses::collect(int options) {
    std::erase_if(running_, [&](pid_t pid) {
        int status = 0;
        if (waitpid(pid, &status, options) == 0) return false;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) haveFailed_ = true;
        return true;
    });
}

}  // namespace demo
