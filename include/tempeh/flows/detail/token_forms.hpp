#pragma once

#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/signal_handler.hpp>
#include <tempeh/message/message.hpp>

#include <utility>

namespace tempeh::flows::detail {

/// The operations that Peer and ReconnectingPeer have in common, with a completion token as the last
/// argument. Each starts the handle's own form for the token, and keeps a copy of the handle until it is
/// initiated.
template <typename Handle>
class TokenForms {
public:
    template <FlowToken<void> Token>
    auto send(MessagePtr message, Token&& token) const {
        return asyncFlow<void>(
            self(),
            [handle = self(), message = std::move(message)]() mutable {
                return handle.send(std::move(message));
            },
            std::forward<Token>(token));
    }
    template <FlowToken<bool> Token>
    auto send(MessagePtr message, Timeout timeout, Token&& token) const {
        return asyncFlow<bool>(
            self(),
            [handle = self(), message = std::move(message), timeout]() mutable {
                return handle.send(std::move(message), timeout);
            },
            std::forward<Token>(token));
    }

    template <FlowToken<MessagePtr> Token>
    auto receive(Timeout timeout, Token&& token) const {
        return asyncFlow<MessagePtr>(
            self(), [handle = self(), timeout] { return handle.receive(timeout); },
            std::forward<Token>(token));
    }
    template <FlowToken<MessagePtr> Token>
    auto receive(Token&& token) const {
        return receive(infinite, std::forward<Token>(token));
    }

    template <FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Timeout timeout, Token&& token) const {
        return asyncFlow<MessagePtr>(
            self(),
            [handle = self(), message = std::move(message), timeout]() mutable {
                return handle.request(std::move(message), timeout);
            },
            std::forward<Token>(token));
    }
    template <FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Token&& token) const {
        return request(std::move(message), infinite, std::forward<Token>(token));
    }
    template <FlowToken<MessagePtr> Token>
    auto request(MessagePtr message, Timeout timeout, SignalHandler onSignal, Token&& token) const {
        return asyncFlow<MessagePtr>(
            self(),
            [handle = self(), message = std::move(message), timeout,
             onSignal = std::move(onSignal)]() mutable {
                return handle.request(std::move(message), timeout, std::move(onSignal));
            },
            std::forward<Token>(token));
    }

    template <FlowToken<void> Token>
    auto respond(MessagePtr request, Token&& token) const {
        return asyncFlow<void>(
            self(),
            [handle = self(), request = std::move(request)]() mutable {
                return handle.respond(std::move(request));
            },
            std::forward<Token>(token));
    }

    template <FlowToken<MessagePtr> Token>
    auto close(MessagePtr bye, Token&& token) const {
        return asyncFlow<MessagePtr>(
            self(),
            [handle = self(), bye = std::move(bye)]() mutable { return handle.close(std::move(bye)); },
            std::forward<Token>(token));
    }
    template <FlowToken<MessagePtr> Token>
    auto close(Token&& token) const {
        return close(MessagePtr(), std::forward<Token>(token));
    }

    template <FlowToken<void> Token>
    auto sleep(Timeout duration, Token&& token) const {
        return asyncFlow<void>(
            self(), [handle = self(), duration] { return handle.sleep(duration); },
            std::forward<Token>(token));
    }

protected:
    ~TokenForms() = default;

private:
    friend Handle;
    TokenForms() = default;
    TokenForms(const TokenForms&) = default;
    TokenForms& operator=(const TokenForms&) = default;

    const Handle& self() const noexcept { return static_cast<const Handle&>(*this); }
};

}  // namespace tempeh::flows::detail
