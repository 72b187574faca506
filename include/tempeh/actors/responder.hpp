#pragma once

#include <tempeh/actors/detail/ask_base.hpp>

#include <string_view>
#include <utility>

namespace tempeh::actors {

/// What every Responder has, whatever it answers with.
class ResponderBase {
public:
    /// Takes the question over; the other then has none.
    ResponderBase(ResponderBase&& other) noexcept : ask_(std::exchange(other.ask_, nullptr)) {}
    /// A question it had is dropped unanswered.
    ResponderBase& operator=(ResponderBase&& other) noexcept {
        if (this != &other) {
            drop();
            ask_ = std::exchange(other.ask_, nullptr);
        }
        return *this;
    }

    /// The asker gets Errc::Refused with this text.
    void refuse(std::string_view reason) noexcept {
        if (ask_ != nullptr) std::exchange(ask_, nullptr)->fail(Errc::Refused, reason);
    }
    /// Whether somebody still waits for the answer.
    bool isAwaited() const noexcept { return ask_ != nullptr && ask_->isPending(); }
    /// False: there is no question, or it has been answered.
    explicit operator bool() const noexcept { return ask_ != nullptr; }

protected:
    ResponderBase() noexcept = default;
    /// For the library.
    explicit ResponderBase(detail::AskBase* ask) noexcept : ask_(ask) {}
    ~ResponderBase() { drop(); }

    /// The question, to be answered now; null if nobody waits. The first call counts.
    detail::AskBase* take() noexcept {
        detail::AskBase* const ask = std::exchange(ask_, nullptr);
        return ask != nullptr && ask->claim() ? ask : nullptr;
    }

private:
    void drop() noexcept {
        if (ask_ != nullptr)
            std::exchange(ask_, nullptr)->fail(Errc::HandlerFailed, "the question was dropped unanswered");
    }

    detail::AskBase* ask_ = nullptr;
};

/// The right, and the duty, to answer one question: the second parameter of a handler that answers later or
/// hands the question on. Any thread may use it, one at a time. Moved, not copied. Destroyed unused, it ends
/// the question with Errc::HandlerFailed; so does the actor's end if the actor holds it.
template <typename R>
class Responder : public ResponderBase {
public:
    /// Answers nothing.
    Responder() noexcept = default;
    /// For the library.
    explicit Responder(detail::AskBase* ask) noexcept : ResponderBase(ask) {}

    /// Answers. The first call counts. Does nothing when the asker has given up, or told instead of asked.
    void reply(R value) {
        if (detail::AskBase* ask = take()) static_cast<detail::AskResult<R>*>(ask)->answer(std::move(value));
    }
};

/// For a question that is answered by an acknowledgement.
template <>
class Responder<void> : public ResponderBase {
public:
    /// Acknowledges nothing.
    Responder() noexcept = default;
    /// For the library.
    explicit Responder(detail::AskBase* ask) noexcept : ResponderBase(ask) {}

    /// Acknowledges. The first call counts.
    void reply() noexcept {
        if (detail::AskBase* ask = take()) ask->deliverAnswer();
    }
};

}  // namespace tempeh::actors
