#pragma once

#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/peer.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::flows {

namespace detail {
class Hub;
}

/// A ChannelGroup whose channels are Peers. One receive loop serves all of them. A cheap handle; the group
/// lives while a handle or one of its peers does. Any thread. After a move the handle is empty: every call
/// except assignment throws Error(InvalidChannelGroup).
class TEMPEH_EXPORT PeerGroup {
public:
    /// The engine must outlive every call except destruction. Errors as Ampe::createGroup().
    explicit PeerGroup(Ampe& engine);

    /// As flows::connect(), in this group.
    [[nodiscard]] asio::awaitable<Peer> connect(const Address& address, ConnectOptions options = {}) const;
    [[nodiscard]] asio::awaitable<Peer> connect(std::string_view address, ConnectOptions options = {}) const;
    [[nodiscard]] asio::awaitable<Peer> connect(const Endpoints& addresses,
                                                ConnectOptions options = {}) const;
    /// The same with a completion token for void(error_code, Peer).
    template <detail::FlowToken<Peer> Token>
    auto connect(const Address& address, ConnectOptions options, Token&& token) const {
        return detail::asyncFlow<Peer>(
            *this, [group = *this, address, options]() mutable { return group.connect(address, options); },
            std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code, Peer).
    template <detail::FlowToken<Peer> Token>
    auto connect(std::string_view address, ConnectOptions options, Token&& token) const {
        return detail::asyncFlow<Peer>(
            *this,
            [group = *this, address = std::string(address), options]() mutable {
                return group.connect(address, options);
            },
            std::forward<Token>(token));
    }

    /// The engine's executor.
    asio::any_io_executor executor() const;
    /// The same, under the names that Asio looks for.
    using executor_type = asio::any_io_executor;
    executor_type get_executor() const { return executor(); }
    /// Waits for `duration` of the engine's time.
    asio::awaitable<void> sleep(Timeout duration) const;
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto sleep(Timeout duration, Token&& token) const {
        return detail::asyncFlow<void>(
            *this, [group = *this, duration]() mutable { return group.sleep(duration); },
            std::forward<Token>(token));
    }
    GroupStats stats() const;

    /// False after a move from it.
    explicit operator bool() const noexcept { return hub_ != nullptr; }

private:
    const std::shared_ptr<detail::Hub>& hub() const;

    std::shared_ptr<detail::Hub> hub_;
};

}  // namespace tempeh::flows
