#include "fuzz/support/memory_network.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstring>

namespace tempeh::fuzz {

void Suspended::resume(const asio::any_io_executor& executor) {
    asio::post(executor,
               [self = std::move(*this)]() mutable { std::exchange(self.handler_, nullptr)->invoke(); });
}

// --- Wire ---

const asio::any_io_executor& Wire::executor() const noexcept {
    return yard_->executor;
}

bool Wire::feed(Bytes bytes) {
    if (isClosed_ || hasEnded()) return false;
    incoming_.insert(incoming_.end(), bytes.begin(), bytes.end());
    wakeReader();
    return true;
}

void Wire::finish() {
    isFinished_ = true;
    wakeReader();
}

void Wire::reset() {
    isReset_ = true;
    wakeReader();
    Suspended::wake(writer_, executor());
}

void Wire::allow(std::size_t bytes) {
    credit_ = bytes;
    if (isWritable()) Suspended::wake(writer_, executor());
}

void Wire::wakeReader() {
    if (!isReadable()) return;
    if (receiver_) {
        error_code ec;
        std::size_t size = 0;
        if (isClosed_)
            ec = asio::error::operation_aborted;
        else
            size = read(std::span<const std::span<std::byte>>(&receiveInto_, 1), ec);
        asio::post(executor(), [done = std::move(*receiver_), ec, size]() mutable { done(ec, size); });
        receiver_.reset();
    }
    Suspended::wake(reader_, executor());
}

std::size_t Wire::read(std::span<const std::span<std::byte>> into, error_code& ec) noexcept {
    ec.clear();
    if (isClosed_ || isReset_) {
        ec = isClosed_ ? asio::error::operation_aborted : asio::error::connection_reset;
        return 0;
    }
    std::size_t total = 0;
    for (const std::span<std::byte> part : into) {
        const std::size_t size = std::min(part.size(), incoming_.size() - readFrom_);
        if (size != 0) std::memcpy(part.data(), incoming_.data() + readFrom_, size);
        readFrom_ += size;
        total += size;
    }
    if (total == 0) ec = isFinished_ ? error_code(asio::error::eof) : error_code(asio::error::would_block);
    return total;
}

std::size_t Wire::write(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept {
    ec.clear();
    if (isClosed_ || isReset_) {
        ec = isClosed_ ? asio::error::operation_aborted : asio::error::broken_pipe;
        return 0;
    }
    std::size_t total = 0;
    for (const Bytes part : from) {
        const std::size_t size = std::min(part.size(), credit_);
        written_.insert(written_.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
        credit_ -= size;
        total += size;
    }
    if (total == 0) ec = asio::error::would_block;
    return total;
}

// --- The engine's end ---

class MemoryStream final : public transport::Stream {
public:
    explicit MemoryStream(std::shared_ptr<Wire> wire)
        : Stream({.writesOnAnyThread = true, .delaysAcknowledgements = true}), wire_(std::move(wire)) {
        info_.transport = Transport::Tcp;
        info_.localAddress = "tcp|here|1";
        info_.peerAddress = wire_->peer_;
    }
    ~MemoryStream() override {
        wire_->isClosed_ = true;
        wire_->receiver_.reset();
        Suspended::drop(wire_->reader_);
        Suspended::drop(wire_->writer_);
    }

    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        return wire_->read(into, ec);
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        return wire_->write(from, ec);
    }
    void startReceive(std::span<std::byte> into, transport::AwaitedOperation::Completion done) override {
        FUZZ_CHECK(!wire_->receiver_ && !wire_->reader_);
        wire_->receiver_.emplace(std::move(done));
        wire_->receiveInto_ = into;
        wire_->wakeReader();
    }
    asio::awaitable<void> waitReadable(error_code& ec) override {
        FUZZ_CHECK(!wire_->receiver_ && !wire_->reader_);
        const std::shared_ptr<Wire> wire = wire_;
        tempeh::detail::InFrameHandler handler;
        auto readable = handler.wait([wire = wire.get(), &handler](const auto&) {
            wire->reader_.await(handler);
            wire->wakeReader();
        });
        co_await std::move(readable);
        ec = wire->isClosed_ ? error_code(asio::error::operation_aborted) : error_code();
    }
    asio::awaitable<void> waitWritable(error_code& ec) override {
        FUZZ_CHECK(!wire_->writer_);
        const std::shared_ptr<Wire> wire = wire_;
        tempeh::detail::InFrameHandler handler;
        auto writable = handler.wait([wire = wire.get(), &handler](const auto&) {
            wire->writer_.await(handler);
            if (wire->isWritable()) Suspended::wake(wire->writer_, wire->executor());
        });
        co_await std::move(writable);
        ec = wire->isClosed_ ? error_code(asio::error::operation_aborted) : error_code();
    }

    void shutdownSend() noexcept override {}
    void close() noexcept override {
        if (std::exchange(wire_->isClosed_, true)) return;
        wire_->wakeReader();
        Suspended::wake(wire_->writer_, wire_->executor());
    }
    bool hasUnsent() const noexcept override { return false; }
    const transport::StreamInfo& info() const noexcept override { return info_; }

private:
    std::shared_ptr<Wire> wire_;
    transport::StreamInfo info_;
};

// --- Timers, listeners, connectors ---

class MemoryTimer final : public transport::Timer {
public:
    explicit MemoryTimer(std::shared_ptr<Switchyard> yard) : yard_(std::move(yard)) {
        yard_->timers.push_back(this);
    }
    ~MemoryTimer() override { std::erase(yard_->timers, this); }

    void start(TimePoint when, std::shared_ptr<transport::TimerTarget> target) override {
        when_ = when;
        target_ = std::move(target);
    }
    asio::awaitable<void> wait(TimePoint when, error_code& ec) override {
        when_ = when;
        isCancelled_ = false;
        tempeh::detail::InFrameHandler handler;
        auto due = handler.wait([this, &handler](const auto&) { waiting_.await(handler); });
        co_await std::move(due);
        ec = isCancelled_ ? error_code(asio::error::operation_aborted) : error_code();
    }
    void cancel() noexcept override {
        isCancelled_ = true;
        when_ = TimePoint::max();
        target_.reset();
        Suspended::wake(waiting_, yard_->executor);
    }

    TimePoint when() const noexcept { return when_; }
    void fire() {
        when_ = TimePoint::max();
        Suspended::wake(waiting_, yard_->executor);
        if (target_ == nullptr) return;
        asio::post(yard_->executor, [target = std::move(target_)] { target->onTimer(); });
        target_.reset();
    }

private:
    std::shared_ptr<Switchyard> yard_;
    TimePoint when_ = TimePoint::max();
    std::shared_ptr<transport::TimerTarget> target_;
    Suspended waiting_;
    bool isCancelled_ = false;
};

class MemoryListener final : public transport::Listener {
public:
    explicit MemoryListener(std::shared_ptr<Switchyard> yard) : yard_(std::move(yard)) {}
    ~MemoryListener() override { std::erase(yard_->listeners, this); }

    asio::awaitable<void> open(Address address, error_code& ec) override {
        address_ = std::move(address);
        ec = yard_->openResult;
        if (!ec && !isClosed_) yard_->listeners.push_back(this);
        co_return;
    }
    Address boundAddress() const override { return address_; }
    asio::awaitable<std::unique_ptr<transport::Stream>> accept(error_code& ec) override {
        if (backlog_.empty() && !isClosed_) {
            tempeh::detail::InFrameHandler handler;
            auto arrival = handler.wait([this, &handler](const auto&) { waiting_.await(handler); });
            co_await std::move(arrival);
        }
        ec.clear();
        if (isClosed_) {
            ec = asio::error::operation_aborted;
            co_return nullptr;
        }
        Arrival first = std::move(backlog_.front());
        backlog_.pop_front();
        ec = first.ec;
        co_return std::move(first.stream);
    }
    void close() noexcept override {
        isClosed_ = true;
        backlog_.clear();
        std::erase(yard_->listeners, this);
        Suspended::wake(waiting_, yard_->executor);
    }

    void arrive(std::unique_ptr<transport::Stream> stream, const error_code& ec) {
        backlog_.push_back({std::move(stream), ec});
        Suspended::wake(waiting_, yard_->executor);
    }

private:
    struct Arrival {
        std::unique_ptr<transport::Stream> stream;
        error_code ec;
    };

    std::shared_ptr<Switchyard> yard_;
    Address address_;
    std::deque<Arrival> backlog_;
    Suspended waiting_;
    bool isClosed_ = false;
};

class MemoryConnector final : public transport::Connector {
public:
    explicit MemoryConnector(std::shared_ptr<Switchyard> yard) : yard_(std::move(yard)) {}
    ~MemoryConnector() override { std::erase(yard_->connecting, &attempt_); }

    asio::awaitable<std::unique_ptr<transport::Stream>> connect(Address address, error_code& ec) override {
        attempt_.address = std::move(address);
        if (!isCancelled_) {
            yard_->connecting.push_back(&attempt_);
            tempeh::detail::InFrameHandler handler;
            auto outcome = handler.wait([this, &handler](const auto&) { attempt_.waiting.await(handler); });
            co_await std::move(outcome);
        }
        ec = isCancelled_ ? error_code(asio::error::operation_aborted) : attempt_.ec;
        if (isCancelled_) attempt_.stream.reset();
        co_return std::move(attempt_.stream);
    }
    void cancel() noexcept override {
        isCancelled_ = true;
        std::erase(yard_->connecting, &attempt_);
        Suspended::wake(attempt_.waiting, yard_->executor);
    }

private:
    std::shared_ptr<Switchyard> yard_;
    Switchyard::Pending attempt_;
    bool isCancelled_ = false;
};

class MemoryNetwork final : public transport::Network {
public:
    explicit MemoryNetwork(std::shared_ptr<Switchyard> yard) : yard_(std::move(yard)) {}
    std::unique_ptr<transport::Connector> makeConnector(std::string_view) override {
        return std::make_unique<MemoryConnector>(yard_);
    }
    std::unique_ptr<transport::Listener> makeListener(std::string_view) override {
        return std::make_unique<MemoryListener>(yard_);
    }
    std::unique_ptr<transport::Timer> makeTimer() override { return std::make_unique<MemoryTimer>(yard_); }

private:
    std::shared_ptr<Switchyard> yard_;
};

std::unique_ptr<transport::Network> makeMemoryNetwork(std::shared_ptr<Switchyard> yard) {
    return std::make_unique<MemoryNetwork>(std::move(yard));
}

// --- Switchyard ---

std::unique_ptr<transport::Stream> Switchyard::makeStream(const std::shared_ptr<Wire>& wire) const {
    return std::make_unique<MemoryStream>(wire);
}

bool Switchyard::arrive(const std::shared_ptr<Wire>& wire) {
    if (listeners.empty()) return false;
    listeners.front()->arrive(makeStream(wire), {});
    return true;
}

bool Switchyard::failAccept(const error_code& ec) {
    if (listeners.empty()) return false;
    listeners.front()->arrive(nullptr, ec);
    return true;
}

void Switchyard::settle(const std::shared_ptr<Wire>& wire, const error_code& ec) {
    Pending* const attempt = connecting.front();
    connecting.erase(connecting.begin());
    if (wire != nullptr) attempt->stream = makeStream(wire);
    attempt->ec = ec;
    Suspended::wake(attempt->waiting, executor);
}

void Switchyard::advance(transport::Clock::TimePoint::duration time) {
    now += time;
    const std::vector<MemoryTimer*> all = timers;
    for (MemoryTimer* timer : all)
        if (timer->when() <= now) timer->fire();
}

transport::Clock::TimePoint Switchyard::nextTimer() const {
    auto next = transport::Clock::TimePoint::max();
    for (const MemoryTimer* timer : timers)
        next = std::min(next, timer->when());
    return next;
}

}  // namespace tempeh::fuzz
