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

/// Timeouts of receiving on a group that nobody sends to.
class EngineTime final : public TimePort {
public:
    explicit EngineTime(ChannelGroup group) : group_(std::move(group)) {}

    TimePoint now() const noexcept override { return group_.now(); }
    void arm(TimePoint when, std::weak_ptr<SystemCore> system, std::size_t worker) override {
        disarm();
        signal_ = std::make_shared<asio::cancellation_signal>();
        const TimePoint start = now();
        const Duration delay = when > start ? when - start : Duration::zero();
        group_.waitReceive(
            delay,
            asio::bind_executor(group_.executor(),
                                asio::bind_cancellation_slot(
                                    signal_->slot(), [system = std::move(system), worker, signal = signal_](
                                                         error_code ec, const MessagePtr& message) {
                                        const std::shared_ptr<SystemCore> core = system.lock();
                                        if (!ec && message == nullptr && core != nullptr)
                                            core->worker(worker).onTime();
                                    })));
    }
    void disarm() noexcept override {
        if (signal_ != nullptr) signal_->emit(asio::cancellation_type::terminal);
    }
    void leaveContext() noexcept override {}

private:
    ChannelGroup group_;
    std::shared_ptr<asio::cancellation_signal> signal_;  // and the handler's, which clears its slot
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
