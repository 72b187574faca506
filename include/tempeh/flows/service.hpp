#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace tempeh::flows {

/// Handles the messages of one group, one at a time, on one thread. Runs in whatever has the receive loop:
/// ServiceThread, or a loop of the application's own.
class TEMPEH_EXPORT Service {
public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service();

    /// Called before the first message. Engine and channels stay usable until stop() returns. An exception
    /// ends the run before it starts.
    virtual void start(Ampe& engine, BlockingChannelGroup channels);

    /// Called with every message the group receives: those of peers (HelloRequest first) and the engine's
    /// about their channels. A service takes the message, usually to answer it, or leaves it. Returning false
    /// or throwing ends the loop.
    virtual bool onMessage(MessagePtr& message) = 0;

    /// Called after the last message, if start() succeeded.
    virtual void stop() noexcept;
};

/// Several services as one. Each message is offered to one after the other until one takes it. They are
/// started in order and stopped in reverse order.
class TEMPEH_EXPORT Services final : public Service {
public:
    /// Adds a service. Call it before start().
    void add(std::unique_ptr<Service> service);

    void start(Ampe& engine, BlockingChannelGroup channels) override;
    bool onMessage(MessagePtr& message) override;
    void stop() noexcept override;

private:
    std::vector<std::unique_ptr<Service>> services_;
    std::size_t started_ = 0;
};

}  // namespace tempeh::flows
