#include "faults/faulty_network.hpp"

#include "faults/fault.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <new>
#include <utility>

namespace tempeh::faults {

namespace {

using namespace transport;

error_code errorOf(int number) {
    return {number, asio::error::get_system_category()};
}

/// The error to fail with, if any; throws where the contract lets calls throw.
bool fails(Kind kind, error_code& ec) {
    const int error = next(kind);
    if (error == noMemory) throw std::bad_alloc();
    if (error == 0) return false;
    ec = errorOf(error);
    return true;
}

class FaultyStream final : public Stream {
public:
    FaultyStream(std::unique_ptr<Stream> real, asio::any_io_executor executor)
        : Stream(real->traits()), real_(std::move(real)), executor_(std::move(executor)) {}

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        const int error = next(Kind::TransportRead);
        if (error == 0) return real_->readSome(into, ec);
        if (error == oneByte) return real_->readSome(into.front().first(1), ec);
        ec = error == endOfStream ? error_code(asio::error::eof) : errorOf(error);
        return 0;
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        const int error = next(Kind::TransportWrite);
        if (error == 0) return real_->writeSome(from, ec);
        if (error == oneByte) {
            const std::array<std::span<const std::byte>, 1> little{from.front().first(1)};
            return real_->writeSome(little, ec);
        }
        if (error == EPIPE || error == ECONNRESET) real_->shutdownSend();
        ec = errorOf(error);
        return 0;
    }
    void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) override {
        error_code ec;
        if (!fails(Kind::TransportReceive, ec)) return real_->startReceive(into, std::move(done));
        asio::post(executor_, [done = std::move(done), ec]() mutable { done(ec); });
    }
    asio::awaitable<void> waitReadable(error_code& ec) override {
        co_await real_->waitReadable(ec);
        if (!ec) fails(Kind::TransportWaitRead, ec);
    }
    asio::awaitable<void> waitWritable(error_code& ec) override {
        co_await real_->waitWritable(ec);
        if (!ec) fails(Kind::TransportWaitWrite, ec);
    }
    void shutdownSend() noexcept override { real_->shutdownSend(); }
    void close() noexcept override { real_->close(); }
    bool hasUnsent() const noexcept override { return real_->hasUnsent(); }
    const StreamInfo& info() const noexcept override { return real_->info(); }
    std::string peerIdentity() const override { return real_->peerIdentity(); }

private:
    std::unique_ptr<Stream> real_;
    asio::any_io_executor executor_;
};

std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> stream, const asio::any_io_executor& executor) {
    if (stream == nullptr) return nullptr;
    return std::make_unique<FaultyStream>(std::move(stream), executor);
}

class FaultyConnector final : public Connector {
public:
    FaultyConnector(std::unique_ptr<Connector> real, asio::any_io_executor executor)
        : real_(std::move(real)), executor_(std::move(executor)) {}

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override {
        std::unique_ptr<Stream> stream = co_await real_->connect(std::move(address), ec);
        if (!ec && fails(Kind::TransportConnect, ec)) stream.reset();
        co_return wrap(std::move(stream), executor_);
    }
    void cancel() noexcept override { real_->cancel(); }
    Status statusOf(const error_code& ec) const noexcept override { return real_->statusOf(ec); }

private:
    std::unique_ptr<Connector> real_;
    asio::any_io_executor executor_;
};

class FaultyListener final : public Listener {
public:
    FaultyListener(std::unique_ptr<Listener> real, asio::any_io_executor executor)
        : real_(std::move(real)), executor_(std::move(executor)) {}

    asio::awaitable<void> open(Address address, error_code& ec) override {
        co_await real_->open(std::move(address), ec);
        if (!ec && fails(Kind::TransportOpen, ec)) real_->close();
    }
    Address boundAddress() const override { return real_->boundAddress(); }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override {
        std::unique_ptr<Stream> stream = co_await real_->accept(ec);
        if (!ec && fails(Kind::TransportAccept, ec)) stream.reset();
        co_return wrap(std::move(stream), executor_);
    }
    void close() noexcept override { real_->close(); }

private:
    std::unique_ptr<Listener> real_;
    asio::any_io_executor executor_;
};

class FaultyTimer final : public Timer {
public:
    explicit FaultyTimer(std::unique_ptr<Timer> real) : real_(std::move(real)) {}

    void start(TimePoint when, std::shared_ptr<TimerTarget> target) override {
        if (next(Kind::TransportTimer) != 0) throw std::bad_alloc();
        real_->start(when, std::move(target));
    }
    asio::awaitable<void> wait(TimePoint when, error_code& ec) override { return real_->wait(when, ec); }
    void cancel() noexcept override { real_->cancel(); }

private:
    std::unique_ptr<Timer> real_;
};

class FaultyNetwork final : public Network {
public:
    FaultyNetwork(std::unique_ptr<Network> real, asio::any_io_executor executor)
        : real_(std::move(real)), executor_(std::move(executor)) {}

    std::unique_ptr<Connector> makeConnector(std::string_view scheme) override {
        return std::make_unique<FaultyConnector>(real_->makeConnector(scheme), executor_);
    }
    std::unique_ptr<Listener> makeListener(std::string_view scheme) override {
        return std::make_unique<FaultyListener>(real_->makeListener(scheme), executor_);
    }
    std::unique_ptr<Timer> makeTimer() override { return std::make_unique<FaultyTimer>(real_->makeTimer()); }

private:
    std::unique_ptr<Network> real_;
    asio::any_io_executor executor_;
};

}  // namespace

std::unique_ptr<Network> makeFaultyNetwork(std::unique_ptr<Network> real,
                                           const asio::any_io_executor& executor) {
    return std::make_unique<FaultyNetwork>(std::move(real), executor);
}

}  // namespace tempeh::faults
