#pragma once

#include <functional>
#include <string>
#include <vector>

/// Two machines of one: network namespaces joined by a cable that can be pulled.
namespace tempeh::test {

/// Runs a program and waits for it; its exit status. Its output is the test's.
int runProgram(const std::vector<std::string>& words);

/// Two network namespaces and a pair of virtual interfaces between them; gone when this is destroyed. What an
/// earlier run that crashed has left behind goes at the next one's beginning.
class Namespaces {
public:
    /// Why there can be none here; empty when there can.
    static std::string whyNot();

    /// Throws std::runtime_error when the system refuses.
    Namespaces();
    Namespaces(const Namespaces&) = delete;
    Namespaces& operator=(const Namespaces&) = delete;
    ~Namespaces();

    const std::string& server() const { return server_; }
    const std::string& client() const { return client_; }
    /// Of the server's interface.
    static constexpr const char* serverAddress = "10.213.7.1";
    static constexpr const char* clientAddress = "10.213.7.2";

    /// The server's end of the cable goes down: what is on its way is lost, and nobody is told.
    void cut();
    void restore();

private:
    std::string server_;
    std::string client_;
    std::string serverDevice_;
};

/// Runs `body` on a thread of its own in that namespace; threads that it starts are there as well.
void runIn(const std::string& networkNamespace, const std::function<void()>& body);

}  // namespace tempeh::test
