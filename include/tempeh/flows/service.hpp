#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace tempeh::flows {

/// What is done with the messages of one group, one at a time, on one thread: pluggable into whatever runs
/// the receive loop (ServiceThread, or a loop of the application's own).
class TEMPEH_EXPORT Service {
public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service();

    /// Before the first message. Both stay usable until stop() returns. What it throws ends the run before it
    /// began.
    virtual void start(Ampe& engine, BlockingChannelGroup channels);

    /// Everything the group receives: from peers (HelloRequest first), and the engine's words on their
    /// channels. A service takes the message (usually to answer it) or leaves it. False: the loop ends. What
    /// it throws ends it too.
    virtual bool onMessage(MessagePtr& message) = 0;

    /// After the last message, if start() succeeded.
    virtual void stop() noexcept;
};

/// Several services as one: each message is offered to one after the other until one takes it. Started in
/// this order, stopped in the reverse.
class TEMPEH_EXPORT Services final : public Service {
public:
    /// Before it is started.
    void add(std::unique_ptr<Service> service);

    void start(Ampe& engine, BlockingChannelGroup channels) override;
    bool onMessage(MessagePtr& message) override;
    void stop() noexcept override;

private:
    std::vector<std::unique_ptr<Service>> services_;
    std::size_t started_ = 0;
};

}  // namespace tempeh::flows
