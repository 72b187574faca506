#pragma once

#include "fuzz/support/fuzz_target.hpp"
#include "transport/clock.hpp"
#include "transport/timer.hpp"
#include "transport/transport.hpp"

#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A transport whose other end is the harness: connections are two arrays of bytes, time moves by hand.
/// Everything on one thread.
namespace tempeh::fuzz {

namespace asio = boost::asio;

/// A coroutine that waits. Owns it as Asio's handlers do: gone without a call, so is the coroutine.
class Suspended {
public:
    Suspended() noexcept = default;
    explicit Suspended(tempeh::detail::InFrameHandler& handler) noexcept : handler_(&handler) {}
    Suspended(Suspended&& other) noexcept : handler_(std::exchange(other.handler_, nullptr)) {}
    Suspended& operator=(Suspended&&) = delete;
    ~Suspended() {
        if (handler_ != nullptr) handler_->drop();
    }
    explicit operator bool() const noexcept { return handler_ != nullptr; }
    Suspended take() noexcept { return std::move(*this); }
    /// Goes on through the executor.
    void resume(const asio::any_io_executor& executor);
    /// Ends the coroutine without going on.
    static void drop(Suspended& waiting) noexcept { const Suspended gone(waiting.take()); }
    /// As resume(), when somebody waits.
    static void wake(Suspended& waiting, const asio::any_io_executor& executor) {
        if (waiting) waiting.take().resume(executor);
    }
    void await(tempeh::detail::InFrameHandler& handler) noexcept { handler_ = &handler; }

private:
    tempeh::detail::InFrameHandler* handler_ = nullptr;
};

struct Switchyard;

/// One connection as both ends see it. The engine's end is a MemoryStream.
class Wire {
public:
    Wire(std::shared_ptr<const Switchyard> yard, std::string peer)
        : yard_(std::move(yard)), peer_(std::move(peer)) {}

    // --- The harness's end ---

    /// False when nobody is there to take it.
    bool feed(Bytes bytes);
    /// End of stream behind what was fed.
    void finish();
    /// Nothing goes any more.
    void reset();
    /// How many bytes the "kernel" takes from now on.
    void allow(std::size_t bytes);
    Bytes written() const noexcept { return written_; }
    /// The engine let go of its end.
    bool isClosed() const noexcept { return isClosed_; }
    bool hasEnded() const noexcept { return isFinished_ || isReset_; }
    bool wasReset() const noexcept { return isReset_; }

private:
    friend class MemoryStream;

    void wakeReader();
    std::size_t read(std::span<const std::span<std::byte>> into, error_code& ec) noexcept;
    std::size_t write(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept;
    bool isReadable() const noexcept { return isClosed_ || hasEnded() || readFrom_ != incoming_.size(); }
    bool isWritable() const noexcept { return isClosed_ || isReset_ || credit_ != 0; }

    const asio::any_io_executor& executor() const noexcept;

    std::shared_ptr<const Switchyard> yard_;
    std::string peer_;
    std::vector<std::byte> incoming_;
    std::size_t readFrom_ = 0;
    std::vector<std::byte> written_;
    std::size_t credit_ = 1 << 20;
    bool isFinished_ = false;
    bool isReset_ = false;
    bool isClosed_ = false;
    std::optional<transport::AwaitedOperation::Completion> receiver_;
    std::span<std::byte> receiveInto_;
    Suspended reader_;
    Suspended writer_;
};

/// What the engine's network objects and the harness share.
struct Switchyard {
    struct Pending {
        Address address;
        Suspended waiting;
        std::unique_ptr<transport::Stream> stream;
        error_code ec;
    };

    asio::any_io_executor executor;  // empty once its context is gone
    transport::Clock::TimePoint now{std::chrono::hours(1)};
    std::vector<class MemoryTimer*> timers;
    std::vector<class MemoryListener*> listeners;
    std::vector<Pending*> connecting;  // in the order they began
    error_code openResult;             // of the next listeners

    std::unique_ptr<transport::Stream> makeStream(const std::shared_ptr<Wire>& wire) const;
    /// A peer connects; false when nobody listens.
    bool arrive(const std::shared_ptr<Wire>& wire);
    /// The next accept fails.
    bool failAccept(const error_code& ec);
    /// The first connection attempt ends; null: it fails.
    void settle(const std::shared_ptr<Wire>& wire, const error_code& ec);
    void advance(transport::Clock::TimePoint::duration time);
    /// When the next timer is due; max: none.
    transport::Clock::TimePoint nextTimer() const;
};

std::unique_ptr<transport::Network> makeMemoryNetwork(std::shared_ptr<Switchyard> yard);

}  // namespace tempeh::fuzz
