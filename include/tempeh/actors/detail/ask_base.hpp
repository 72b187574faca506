#pragma once

#include <tempeh/actors/detail/envelope.hpp>
#include <tempeh/actors/errc.hpp>
#include <tempeh/base/duration.hpp>

#include <boost/intrusive/set_hook.hpp>

#include <atomic>
#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempeh::actors::detail {

class Runner;

/// Something a worker does at a point in time. In the worker's tree of deadlines, by time.
class Deadline
    : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>> {
public:
    TimePoint when = TimePoint::max();
    void (*passed)(Deadline& deadline, Worker& worker) noexcept = nullptr;

    bool isListed() const noexcept { return is_linked(); }
};

/// One question: the meeting point of who asks and who answers. Whoever moves `state_` on from Pending
/// decides how it ends: the answerer with Answered, the asker (timeout, cancellation) with Abandoned. An
/// answered one is the asker's alone from then on. Of an abandoned one both have to let go, and the last one
/// frees it.
class TEMPEH_ACTORS_EXPORT AskBase : public Node, public Deadline {
public:
    AskBase(const AskBase&) = delete;
    AskBase& operator=(const AskBase&) = delete;

    /// For the answerer. False: nobody waits any more, and this object may be gone.
    bool claim() noexcept;
    /// For the answerer, after claim() and once the answer is in its place. This object may be gone
    /// afterwards.
    void deliverAnswer() noexcept { over_(*this); }
    /// For the answerer: ends it without an answer. This object may be gone afterwards.
    void fail(Errc errc, std::string_view text) noexcept;
    /// Likewise, since there was no memory for what it takes.
    void failForMemory() noexcept;
    /// For the asker, from any thread: ends it with this error, or as cancelled with Errc::Success. Does
    /// nothing when the answer was first.
    void abandon(Errc errc) noexcept;
    /// For the asker, when the outcome was taken: lets go of it.
    void letGo() noexcept;
    bool isPending() const noexcept { return state_.load(std::memory_order_acquire) == State::Pending; }

    /// How it ended.
    error_code error() const noexcept;
    /// The same as an exception with its text; null for an answer. std::bad_alloc without memory for it.
    std::exception_ptr failure() const noexcept;

    Worker* home = nullptr;       ///< Completes it, and has its deadline; null for a thread that waits.
    Cell* askedBy = nullptr;      ///< The actor whose handler waits, with a reference; null for others.
    Cell* asked = nullptr;        ///< The actor asked, with a reference.
    Runner* runner = nullptr;     ///< The coroutine of an actor that waits, if it is one.
    AskBase* nextWait = nullptr;  ///< Of the same asker.

protected:
    using Hook = void (*)(AskBase& ask) noexcept;

    /// `over`: called once it is decided how it ends, on the thread that decided. `destroy`: frees it.
    AskBase(Hook over, Hook destroy) noexcept : over_(over), destroy_(destroy) {}
    ~AskBase() = default;

private:
    /// What ended it, if it is no Errc.
    enum class Exception : std::uint8_t { None, Cancelled, NoMemory };
    enum class State : std::uint8_t { Pending, Answered, Abandoned, AskerLeft, AnswererLeft };

    const Hook over_ = nullptr;
    const Hook destroy_ = nullptr;
    std::atomic<State> state_{State::Pending};
    Errc errc_ = Errc::Success;
    Exception exception_ = Exception::None;
    std::string text_;
};

/// What the answer is put into.
template <typename R>
class AskResult : public AskBase {
public:
    void answer(R&& value) {
        value_.emplace(std::move(value));
        deliverAnswer();
    }
    std::optional<R>& value() noexcept { return value_; }

protected:
    using AskBase::AskBase;
    ~AskResult() = default;

private:
    std::optional<R> value_;
};
template <>
class AskResult<void> : public AskBase {
public:
    void answer() { deliverAnswer(); }

protected:
    using AskBase::AskBase;
    ~AskResult() = default;
};

/// The answer of a handler to the question in `envelope`, if it is one.
template <typename R>
void answer(Envelope& envelope, R&& value) {
    AskBase* ask = std::exchange(envelope.ask, nullptr);
    if (ask == nullptr || !ask->claim()) return;
    static_cast<AskResult<std::decay_t<R>>*>(ask)->answer(std::forward<R>(value));
}
inline void answer(Envelope& envelope) noexcept {
    AskBase* ask = std::exchange(envelope.ask, nullptr);
    if (ask != nullptr && ask->claim()) ask->deliverAnswer();
}

}  // namespace tempeh::actors::detail
