#pragma once

#include "base/thread_token.hpp"
#include "core/engine/context_anchor.hpp"
#include "core/group/group.hpp"
#include "transport/transport.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

/// An engine on whose accepted connections a thread that writes by itself can be stopped in the middle of
/// that, as by a scheduler that takes its core away.
namespace tempeh::test {

/// Where it loses its core.
enum class StopPoint { BeforeWriting, InTheMiddle, AfterWriting };

class WriteGate {
public:
    /// The next thread that writes by itself stops there.
    void arm(StopPoint point) {
        const std::scoped_lock lock(mutex_);
        isArmed_ = true;
        point_ = point;
    }
    /// True: one has stopped. False: `isOver` came true first.
    template <typename IsOver>
    bool waitUntilStopped(IsOver isOver) {
        std::unique_lock lock(mutex_);
        while (!isStopped_ && !isOver())
            changed_.wait_for(lock, std::chrono::milliseconds(1));
        return isStopped_;
    }
    /// Whoever stopped goes on, and nobody stops any more.
    void open() {
        const std::scoped_lock lock(mutex_);
        isArmed_ = isStopped_ = false;
        changed_.notify_all();
    }

    std::size_t write(transport::Stream& stream, std::span<const std::span<const std::byte>> from,
                      error_code& ec) {
        if (base::currentThreadToken() != nullptr) return stream.writeSome(from, ec);  // the reactor
        std::unique_lock lock(mutex_);
        if (!std::exchange(isArmed_, false)) {
            lock.unlock();
            return stream.writeSome(from, ec);
        }
        std::size_t written = 0;
        const std::array<std::span<const std::byte>, 1> little{from.front().first(1)};
        if (point_ == StopPoint::AfterWriting) written = stream.writeSome(from, ec);
        if (point_ == StopPoint::InTheMiddle) written = stream.writeSome(little, ec);
        isStopped_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !isStopped_; });
        return point_ == StopPoint::BeforeWriting ? stream.writeSome(from, ec) : written;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool isArmed_ = false;
    bool isStopped_ = false;
    StopPoint point_ = StopPoint::BeforeWriting;
};

class GatedStream final : public transport::Stream {
public:
    GatedStream(std::unique_ptr<transport::Stream> real, WriteGate& gate)
        : Stream(real->traits()), real_(std::move(real)), gate_(gate) {}

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        return real_->readSome(into, ec);
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        return gate_.write(*real_, from, ec);
    }
    void startReceive(std::span<std::byte> into, transport::AwaitedOperation::Completion done) override {
        real_->startReceive(into, std::move(done));
    }
    asio::awaitable<void> waitReadable(error_code& ec) override { return real_->waitReadable(ec); }
    asio::awaitable<void> waitWritable(error_code& ec) override { return real_->waitWritable(ec); }
    void shutdownSend() noexcept override { real_->shutdownSend(); }
    void close() noexcept override { real_->close(); }
    void acknowledgeNow() noexcept override { real_->acknowledgeNow(); }
    bool hasUnsent() const noexcept override { return real_->hasUnsent(); }
    const transport::StreamInfo& info() const noexcept override { return real_->info(); }
    std::string peerIdentity() const override { return real_->peerIdentity(); }

private:
    std::unique_ptr<transport::Stream> real_;
    WriteGate& gate_;
};

class GatedListener final : public transport::Listener {
public:
    GatedListener(std::unique_ptr<transport::Listener> real, WriteGate& gate)
        : real_(std::move(real)), gate_(gate) {}

    asio::awaitable<void> open(Address address, error_code& ec) override {
        return real_->open(std::move(address), ec);
    }
    Address boundAddress() const override { return real_->boundAddress(); }
    asio::awaitable<std::unique_ptr<transport::Stream>> accept(error_code& ec) override {
        std::unique_ptr<transport::Stream> stream = co_await real_->accept(ec);
        if (stream == nullptr) co_return nullptr;
        co_return std::make_unique<GatedStream>(std::move(stream), gate_);
    }
    void close() noexcept override { real_->close(); }

private:
    std::unique_ptr<transport::Listener> real_;
    WriteGate& gate_;
};

class GatedNetwork final : public transport::Network {
public:
    GatedNetwork(std::unique_ptr<transport::Network> real, WriteGate& gate)
        : real_(std::move(real)), gate_(gate) {}

    std::unique_ptr<transport::Connector> makeConnector(std::string_view scheme) override {
        return real_->makeConnector(scheme);
    }
    std::unique_ptr<transport::Listener> makeListener(std::string_view scheme) override {
        return std::make_unique<GatedListener>(real_->makeListener(scheme), gate_);
    }
    std::unique_ptr<transport::Timer> makeTimer() override { return real_->makeTimer(); }

private:
    std::unique_ptr<transport::Network> real_;
    WriteGate& gate_;
};

/// With a context and a thread that runs it.
class GatedEngine final : public Ampe {
public:
    explicit GatedEngine(const Options& options = Options())
        : engine_(std::make_shared<core::Engine>(context_, context_.get_executor(), options,
                                                 environment(options), false)) {
        asio::use_service<core::ContextAnchor>(context_).add(engine_);
    }
    ~GatedEngine() override {
        engine_->life().forceStopSoon();
        work_.reset();
        thread_.join();
    }

    MessagePtr get(AllocationStrategy strategy) override { return engine_->pool().get(strategy); }
    using Ampe::createGroup;
    ChannelGroup createGroup(error_code& ec) override {
        std::shared_ptr<core::Group> group = engine_->createGroup(ec);
        return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
    }
    EngineStats stats() const override { return engine_->stats(); }
    using Ampe::shutdown;
    ShutdownReport shutdown(Duration deadline, error_code& ec) override {
        return engine_->life().shutdown(deadline, ec);
    }
    asio::any_io_executor executor() const { return engine_->context().executor(); }

    WriteGate gate;

private:
    core::Environment environment(const Options& options) {
        core::Environment environment = core::Environment::ofSystem(context_.get_executor(), options);
        environment.network = std::make_unique<GatedNetwork>(std::move(environment.network), gate);
        return environment;
    }

    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::shared_ptr<core::Engine> engine_;
    std::thread thread_{[this] { context_.run(); }};
};

}  // namespace tempeh::test
