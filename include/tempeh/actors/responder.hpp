#pragma once

#include <tempeh/actors/detail/ask_base.hpp>

#include <string_view>
#include <utility>

namespace tempeh::actors {

/// The right, and the duty, to answer one question: the second parameter of a handler that answers later or
/// hands the question on. Any thread may use it, one at a time. Moved, not copied. Destroyed unused, it ends
/// the question with Errc::HandlerFailed; so does the actor's end if the actor holds it.
template <typename R>
class Responder {
public:
    /// Answers nothing.
    Responder() noexcept = default;
    explicit Responder(detail::AskBase* ask) noexcept : ask_(ask) {}
    Responder(Responder&& other) noexcept : ask_(std::exchange(other.ask_, nullptr)) {}
    Responder& operator=(Responder&& other) noexcept {
        if (this != &other) {
            drop();
            ask_ = std::exchange(other.ask_, nullptr);
        }
        return *this;
    }
    ~Responder() { drop(); }

    /// Answers. The first call counts. Does nothing when the asker has given up, or told instead of asked.
    void reply(R value) {
        detail::AskBase* ask = std::exchange(ask_, nullptr);
        if (ask != nullptr && ask->claim()) static_cast<detail::AskResult<R>*>(ask)->answer(std::move(value));
    }
    /// The asker gets Errc::Refused with this text.
    void refuse(std::string_view reason) noexcept {
        if (ask_ != nullptr) std::exchange(ask_, nullptr)->fail(Errc::Refused, reason);
    }
    /// Whether somebody still waits for the answer.
    bool isAwaited() const noexcept { return ask_ != nullptr && ask_->isPending(); }
    explicit operator bool() const noexcept { return ask_ != nullptr; }

private:
    void drop() noexcept {
        if (ask_ != nullptr)
            std::exchange(ask_, nullptr)->fail(Errc::HandlerFailed, "the question was dropped unanswered");
    }

    detail::AskBase* ask_ = nullptr;
};

/// For a question that is answered by an acknowledgement.
template <>
class Responder<void> {
public:
    Responder() noexcept = default;
    /// For the library.
    explicit Responder(detail::AskBase* ask) noexcept : ask_(ask) {}
    /// `other` answers nothing from then on.
    Responder(Responder&& other) noexcept : ask_(std::exchange(other.ask_, nullptr)) {}
    /// A question that this one had ends unanswered.
    Responder& operator=(Responder&& other) noexcept {
        if (this != &other) {
            drop();
            ask_ = std::exchange(other.ask_, nullptr);
        }
        return *this;
    }
    ~Responder() { drop(); }

    /// Acknowledges. The first call counts.
    void reply() noexcept {
        detail::AskBase* ask = std::exchange(ask_, nullptr);
        if (ask != nullptr && ask->claim()) ask->deliverAnswer();
    }
    /// The asker gets Errc::Refused with this text.
    void refuse(std::string_view reason) noexcept {
        if (ask_ != nullptr) std::exchange(ask_, nullptr)->fail(Errc::Refused, reason);
    }
    bool isAwaited() const noexcept { return ask_ != nullptr && ask_->isPending(); }
    explicit operator bool() const noexcept { return ask_ != nullptr; }

private:
    void drop() noexcept {
        if (ask_ != nullptr)
            std::exchange(ask_, nullptr)->fail(Errc::HandlerFailed, "the question was dropped unanswered");
    }

    detail::AskBase* ask_ = nullptr;
};

}  // namespace tempeh::actors
