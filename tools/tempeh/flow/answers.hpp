#pragma once

#include "flow/listen_log.hpp"

#include <tempeh/flows/peer.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tool {

namespace asio = boost::asio;

/// How `listen` answers. At most one of reply, echoes, program and isSilent.
struct AnswerOptions {
    std::string reply;
    std::string program;
    std::vector<std::string> headers;
    bool echoes = false;
    bool isSilent = false;
};

/// Answers requests of one part or many; signals are taken the same way, without an answer.
class Answers {
public:
    /// Throws Failure(exitUsage) for options that contradict each other. `log` must outlive it.
    Answers(const asio::any_io_executor& executor, const AnswerOptions& options, const ListenLog& log);

    /// Completes when the answer is on its way; a value in parts has been read to its end then. Throws Error
    /// when the channel ends.
    asio::awaitable<void> give(tempeh::flows::Peer peer, const std::string& name, tempeh::MessagePtr message);

private:
    enum class How : std::uint8_t { Empty, Reply, Echo, Program, Silent };

    struct Size {
        std::uint64_t parts = 0;
        std::uint64_t bytes = 0;
    };

    asio::awaitable<void> giveOne(tempeh::flows::Peer peer, tempeh::MessagePtr message);
    asio::awaitable<Size> giveStream(tempeh::flows::Peer peer, tempeh::MessagePtr first);
    asio::awaitable<Size> run(tempeh::flows::Peer peer, std::string name, tempeh::MessagePtr first);

    asio::any_io_executor executor_;
    AnswerOptions options_;
    How how_;
    const ListenLog& log_;
};

}  // namespace tool
