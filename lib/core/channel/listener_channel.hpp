#pragma once

#include "core/channel/channel.hpp"
#include "core/engine/engine.hpp"
#include "machines/accept_backoff.hpp"
#include "machines/accept_rate.hpp"
#include "machines/admission.hpp"
#include "machines/listener_machine.hpp"
#include "transport/transport.hpp"

#include <memory>
#include <optional>
#include <string>

namespace tempeh::core {

class ListenerChannel;
using ListenerChannelPtr = boost::intrusive_ptr<ListenerChannel>;

/// A listener: one coroutine that binds, answers the WelcomeRequest, then accepts. Reactor thread.
class ListenerChannel final : public Channel, private machines::Admission::Watcher {
public:
    ListenerChannel(Engine& engine, std::shared_ptr<Group> group);
    ~ListenerChannel() override = default;

    void accept(MessagePtr message) override;
    void end(machines::EndCause cause, Status status, const EndDetail& detail) noexcept override;
    void detach() override;
    void drainForShutdown() override;
    void closeStream() noexcept override;
    void abandon() noexcept override;
    std::string describeBacklog() const override { return {}; }
    void fill(ChannelInfo& info) const override {
        fillCommon(info, engine_.submitQueue().snapshot(*this), engine_.now());
    }

private:
    /// Lives in the frame of run(); notices when run() ends or is destroyed.
    class Loop {
    public:
        explicit Loop(ListenerChannel& channel) noexcept : channel_(channel) {}
        ~Loop() { channel_.onLoopEnd(); }
        Loop(const Loop&) = delete;
        Loop& operator=(const Loop&) = delete;

    private:
        ListenerChannel& channel_;
    };

    static asio::awaitable<void> run(ListenerChannelPtr self, Address address);
    bool onOpened(const error_code& ec) noexcept;
    void publishAddress();
    std::string identityOf(const transport::Stream& stream) const;
    bool admits(const transport::Stream& stream);
    Status open(std::unique_ptr<transport::Stream> stream) noexcept;
    Status handOver(const std::shared_ptr<Group>& target, std::unique_ptr<transport::DetachedStream> stream,
                    const std::string& peer);
    void noteRefused(const transport::Stream& stream, bool byListener, std::string_view limit);
    asio::awaitable<void> waitForRoom();
    asio::awaitable<void> waitForToken();
    TimePoint nextAccept() const noexcept;
    void onRoom() noexcept override;
    bool onAccepted(std::unique_ptr<transport::Stream> stream, const error_code& ec,
                    Duration& pause) noexcept;
    void reportAcceptFailure(const error_code& ec) noexcept;
    MessagePtr answer(Status status, const EndDetail& detail) noexcept;
    void onLoopEnd() noexcept;

    Engine& engine_;
    machines::ListenerMachine machine_;
    machines::AcceptBackoff backoff_;
    std::shared_ptr<machines::Admission> admission_;  // channels it accepted may outlive it
    const machines::TokenBucket::Rate acceptRate_;
    machines::TokenBucket acceptTokens_;  // of all its connections
    machines::PeerRates peerRates_;       // and of each peer's
    MessagePtr welcome_;                  // the WelcomeRequest, until it is answered
    MessagePtr notice_;                   // the ChannelClosed, made before it is needed
    std::unique_ptr<transport::Listener> listener_;
    std::unique_ptr<transport::Timer>
        pauseTimer_;        // for pauses after failed accepts and while there is no room
    TimePoint nextTick_{};  // of admission_
    bool isWaitingForRoom_ = false;
    bool isDetached_ = false;
    bool isRunning_ = false;
};

}  // namespace tempeh::core
