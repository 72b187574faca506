#pragma once

#include "transport/context_gate.hpp"
#include "transport/stream.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempeh::test {

namespace asio = boost::asio;

class PipeEnd;

/// Where a thread leaves word for somebody on another executor, who may have gone.
class Doorbell {
public:
    void install(const asio::any_io_executor& executor) {
        gate_ = transport::ContextGate::of(executor);
        executor_ = executor;
    }
    void remove() noexcept { executor_.reset(); }
    template <typename Function>
    void ring(Function function) {
        if (executor_) gate_->post(*executor_, std::move(function));
    }

private:
    std::shared_ptr<transport::ContextGate> gate_;
    std::optional<asio::any_io_executor> executor_;
};

/// What both ends of a connection share. Side 0 connected, side 1 accepted.
class PipeConnection {
public:
    /// Bytes that are on their way in one direction, at most.
    static constexpr std::size_t capacity = 64 * 1024;

    explicit PipeConnection(std::string name) : name_(std::move(name)) {}

    const std::string& name() const noexcept { return name_; }

    // Any thread.

    void attach(std::size_t side, const std::shared_ptr<PipeEnd>& end, const asio::any_io_executor& executor);
    std::size_t read(std::size_t side, std::span<const std::span<std::byte>> into, error_code& ec);
    std::size_t write(std::size_t side, std::span<const std::span<const std::byte>> from, error_code& ec);
    /// False: not yet, and the end is told when it is.
    bool isReadable(std::size_t side);
    bool isWritable(std::size_t side);
    void endWriting(std::size_t side);
    void close(std::size_t side);
    void detach(std::size_t side);

private:
    struct Side {
        std::vector<std::byte> inbox;
        std::weak_ptr<PipeEnd> end;
        Doorbell bell;
        bool hasEnded = false;  // writes no more
        bool isClosed = false;
        bool awaitsInput = false;
        bool awaitsRoom = false;
    };
    static void tell(Side& side);
    void end(std::size_t side);

    const std::string name_;
    std::mutex mutex_;
    std::array<Side, 2> sides_;  // guarded by mutex_
};

/// One end, as its engine's executor has it.
class PipeEnd : public std::enable_shared_from_this<PipeEnd> {
public:
    using Completion = transport::AwaitedOperation::Completion;

    PipeEnd(std::shared_ptr<PipeConnection> connection, std::size_t side, asio::any_io_executor executor)
        : connection_(std::move(connection)), side_(side), executor_(std::move(executor)) {}

    PipeConnection& connection() noexcept { return *connection_; }
    std::size_t side() const noexcept { return side_; }

    /// `into` empty: only waits.
    void awaitInput(std::span<std::byte> into, Completion done);
    void awaitRoom(Completion done);
    /// There may be something to read or room to write.
    void look();
    /// Ends what waits, now and later.
    void abort();

private:
    const std::shared_ptr<PipeConnection> connection_;
    const std::size_t side_;
    const asio::any_io_executor executor_;
    std::span<std::byte> into_;
    std::optional<Completion> reader_;
    std::optional<Completion> writer_;
    bool isOver_ = false;
};

}  // namespace tempeh::test
