#include "actors/time_port.hpp"

#include "actors/system_core.hpp"
#include "actors/worker.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/channel_group.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <utility>

namespace tempeh::actors::detail {

namespace {

class SteadyTime final : public TimePort {
public:
    explicit SteadyTime(const asio::any_io_executor& executor) { timer_.emplace(executor); }

    TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
    void arm(TimePoint when, std::weak_ptr<SystemCore> system, std::size_t worker) override {
        timer_->expires_at(when);
        timer_->async_wait([system = std::move(system), worker](error_code ec) {
            const std::shared_ptr<SystemCore> core = system.lock();
            if (!ec && core != nullptr) core->worker(worker).onTime();
        });
    }
    void disarm() noexcept override {
        try {
            timer_->cancel();
        } catch (const boost::system::system_error&) {
            return;  // it fires, and finds nothing to do
        }
    }
    void leaveContext() noexcept override { timer_.reset(); }

private:
    std::optional<asio::steady_timer> timer_;
};

/// Timeouts of receiving on a group that nobody sends to. A group has one receiver at a time, so a wait that
/// is too long is cancelled, and its end starts the next one.
class EngineTime final : public TimePort {
public:
    explicit EngineTime(ChannelGroup group) : wait_(std::make_shared<Wait>(std::move(group))) {}
    ~EngineTime() override { wait_->stop(); }

    TimePoint now() const noexcept override { return wait_->group.now(); }
    void arm(TimePoint when, std::weak_ptr<SystemCore> system, std::size_t worker) override {
        wait_->system = std::move(system);
        wait_->worker = worker;
        wait_->until = when;
        if (wait_->isUnderWay)
            wait_->signal.emit(asio::cancellation_type::terminal);
        else
            Wait::start(wait_);
    }
    void disarm() noexcept override { wait_->stop(); }
    void leaveContext() noexcept override {}

private:
    struct Wait {
        explicit Wait(ChannelGroup waiting) : group(std::move(waiting)) {}

        static void start(const std::shared_ptr<Wait>& self) {
            const TimePoint start = self->group.now();
            const Duration delay = self->until > start ? self->until - start : Duration::zero();
            self->isUnderWay = true;
            self->group.waitReceive(
                delay, asio::bind_executor(self->group.executor(),
                                           asio::bind_cancellation_slot(
                                               self->signal.slot(), [self](error_code ec, const MessagePtr&) {
                                                   self->onOver(self, ec);
                                               })));
        }
        void onOver(const std::shared_ptr<Wait>& self, error_code ec) {
            isUnderWay = false;
            if (until == TimePoint::max()) return;
            const bool isCancelled = ec == asio::error::operation_aborted;
            if (ec && !isCancelled) return;  // the engine is shut down
            if (isCancelled || group.now() < until) return start(self);
            until = TimePoint::max();
            if (const std::shared_ptr<SystemCore> core = system.lock()) core->worker(worker).onTime();
        }
        void stop() noexcept {
            until = TimePoint::max();
            if (isUnderWay) signal.emit(asio::cancellation_type::terminal);
        }

        ChannelGroup group;
        asio::cancellation_signal signal;
        std::weak_ptr<SystemCore> system;
        std::size_t worker = 0;
        TimePoint until = TimePoint::max();
        bool isUnderWay = false;
    };

    std::shared_ptr<Wait> wait_;
};

}  // namespace

std::unique_ptr<TimePort> makeSteadyTime(const asio::any_io_executor& executor) {
    return std::make_unique<SteadyTime>(executor);
}

std::unique_ptr<TimePort> makeEngineTime(Ampe& engine, asio::any_io_executor& executor) {
    ChannelGroup group = engine.createGroup();
    executor = group.executor();
    return std::make_unique<EngineTime>(std::move(group));
}

}  // namespace tempeh::actors::detail
