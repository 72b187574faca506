#include "flow/child.hpp"

#include "cli/exit_code.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace tool {

namespace {

using namespace std::chrono_literals;

struct Pipe {
    Pipe() {
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw Failure(exitNegative, std::string("no pipe: ") + std::strerror(errno));
    }
    ~Pipe() {
        for (const int end : ends)
            if (end >= 0) ::close(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int release(int index) noexcept { return std::exchange(ends[index], -1); }

    int ends[2] = {-1, -1};  // to read, to write
};

/// What the shell gets: our pipes, a process group, and signals as a program expects them.
class SpawnSetup {
public:
    SpawnSetup(int input, int output) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes, &signals);  // the engine's thread blocks what is for others
        ::sigaddset(&signals, SIGPIPE);
        ::posix_spawnattr_setsigdefault(&attributes, &signals);
        // A process group of its own, so that what the shell starts ends with it.
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes,
                                   POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

pid_t spawnShell(const std::string& command, const std::vector<std::string>& environment, int input,
                 int output) {
    const SpawnSetup setup(input, output);
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
    std::vector<std::string> own = environment;
    std::vector<char*> variables;
    for (char** variable = ::environ; *variable != nullptr; ++variable)
        variables.push_back(*variable);
    for (std::string& variable : own)
        variables.push_back(variable.data());
    variables.push_back(nullptr);

    pid_t pid = -1;
    const int failure =
        ::posix_spawn(&pid, "/bin/sh", &setup.actions, &setup.attributes, arguments, variables.data());
    if (failure != 0)
        throw Failure(exitNegative, std::string("cannot run the program: ") + std::strerror(failure));
    return pid;
}

int exitCodeOf(int status) noexcept {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Child::Child(const asio::any_io_executor& executor, const std::string& command,
             const std::vector<std::string>& environment)
    : input_(executor), output_(executor) {
    Pipe in;
    Pipe out;
    pid_ = spawnShell(command, environment, in.ends[0], out.ends[1]);
    input_.assign(in.release(1));
    output_.assign(out.release(0));
}

Child::~Child() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

asio::awaitable<int> Child::wait() {
    // Asked now and then, not told: a program that has closed its output ends in an instant.
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (std::chrono::milliseconds pause = 1ms;; pause = std::min(pause * 2, 50ms)) {
        int status = 0;
        const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended != 0) {
            pid_ = -1;
            co_return ended > 0 ? exitCodeOf(status) : 0;
        }
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace tool
