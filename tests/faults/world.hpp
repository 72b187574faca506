#pragma once

#include "faults/fault.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::faults {

/// Where the engine lives: on a thread of its own, on a strand of the caller's context, or on the caller's
/// with a network whose operations can fail (faulty_network.hpp).
enum class Home { OwnThread, Context, FaultyNetwork };

/// Timeouts so short that a fault which is only found by one costs no second; long enough for a busy machine.
Options shortTimeouts();

/// An engine, and what drives it.
class Node {
public:
    /// Throws what the engine's constructor throws.
    explicit Node(Home home, const Options& options = shortTimeouts());
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    Ampe& engine() noexcept { return *engine_; }
    /// Destroys the engine, not what drives it.
    void end() noexcept;

private:
    void run();

    std::optional<asio::io_context> context_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::unique_ptr<Ampe> engine_;
    std::thread thread_;
};

/// A connection between two groups of the engine that has nothing to do with what fails.
class Bystander {
public:
    explicit Bystander(Ampe& engine);
    /// Sends one message there and back; empty when that worked, else what went wrong.
    std::string check();

private:
    Ampe& engine_;
    ChannelGroup server_;
    ChannelGroup client_;
    ChannelNumber atServer_ = 0;
    ChannelNumber atClient_ = 0;
};

/// What became of every message that was posted to one group.
class Ledger {
public:
    void posted(const BinaryHeader& header);
    void arrived(const Message& message);
    /// Violations of "every message ends once", given what the group's counter says was sent; one a line.
    std::string judge(std::uint64_t sent) const;
    std::uint64_t regularPosted() const noexcept { return regularPosted_; }

private:
    struct Fate {
        OpCode opCode = OpCode::Signal;
        int delivered = 0;
        int returned = 0;
    };
    std::map<MessageId, std::vector<Fate>> fates_;  // a request and its answer have one id
    std::uint64_t regularPosted_ = 0;
    std::string surprises_;
};

std::size_t openDescriptors();

}  // namespace tempeh::faults
