#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace demo {

/// Copies of this program that run as clients. Whoever is left at the end is terminated.
class ClientProcesses {
public:
    ClientProcesses() = default;
    ~ClientProcesses();
    ClientProcesses(const ClientProcesses&) = delete;
    ClientProcesses& operator=(const ClientProcesses&) = delete;

    /// Starts this program with these arguments. Throws std::system_error.
    void start(const std::vector<std::string>& arguments);
    /// Whether one has ended with an exit status other than 0; does not wait.
    bool haveFailed();
    /// True: all ended with exit status 0.
    bool waitForAll();

private:
    void collect(int options);

    std::vector<pid_t> running_;
    bool haveFailed_ = false;
};

}  // namespace demo
