#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/machines/circuit_machine.hpp>
#include <tempeh/message/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempeh::flows {

using machines::CircuitState;
using machines::nameOf;

namespace detail {
class CircuitCore;
}

/// A change of state, as CircuitHook is told it.
struct CircuitChange {
    /// The state before.
    CircuitState from = CircuitState::Closed;
    /// The state from now on.
    CircuitState to = CircuitState::Closed;
    TimePoint at = {};       ///< By the breaker's clock.
    std::string cause = {};  ///< Of a change to Open: what the last failure said. May be empty.
};

/// Called for each change of state, in their order and one at a time, on the thread whose call caused it. No
/// lock is held: the hook may use the breaker. An exception that it throws is ignored.
using CircuitHook = std::function<void(const CircuitChange& change)>;

/// When a CircuitBreaker opens and closes. An aggregate for designated initialisers. The constructor of
/// CircuitBreaker throws Error(InvalidOption) when a field is out of range.
struct CircuitBreakerOptions {
    /// Failures in a row that open it. 1 or more.
    std::size_t failureThreshold = 5;
    /// How long it stays open before it lets a probe through. 0 or longer.
    Timeout recoveryTimeout = std::chrono::seconds(30);
    /// Successes of probes, in a row, that close it. 1 or more.
    std::size_t successThreshold = 3;
    /// Probes at a time while it is half-open. 1 or more.
    std::size_t halfOpenProbes = 1;
    CircuitHook onChange = nullptr;
    /// Whether an exception means that the service failed. One that does not, such as "no such customer",
    /// counts as a success, because the service was there to say so. Null: every exception is a failure.
    /// Cancellation is neither and is not asked about. Runs on the thread of the call. Must not throw.
    std::function<bool(const std::exception_ptr& failure)> isFailure = nullptr;
    /// What time it is. Null: the system's steady clock. Any thread calls it. Must not throw.
    std::function<TimePoint()> clock = nullptr;
};

/// Counters of a CircuitBreaker. A call that was let through ends as exactly one of the first three.
struct CircuitCounters {
    /// Calls that succeeded.
    std::uint64_t succeeded = 0;
    /// Calls that failed.
    std::uint64_t failed = 0;
    std::uint64_t abandoned = 0;  ///< Cancelled, or dropped without an outcome.
    std::uint64_t refused = 0;    ///< Not let through.
    std::uint64_t opened = 0;     ///< Changes to Open.
};

/// The error category of circuit breakers. Its one value is CircuitErrc::Open.
TEMPEH_EXPORT const boost::system::error_category& circuitCategory() noexcept;

/// An error-code enum of circuitCategory().
enum class CircuitErrc : std::uint8_t { Open = 1 };

/// Found by argument-dependent lookup when a CircuitErrc becomes an error_code.
inline error_code make_error_code(CircuitErrc code) noexcept {
    return {static_cast<int>(code), circuitCategory()};
}

/// Thrown instead of making a call, while the breaker lets none through. what() says for how long it has been
/// open, when it will try again, and what failed. code() is CircuitErrc::Open, no Status.
class TEMPEH_EXPORT CircuitOpen : public Error {
public:
    /// `now` is the time of the refusal.
    CircuitOpen(const machines::CircuitMachine& machine, TimePoint now, const std::string& cause);
    ~CircuitOpen() override;

    /// Open, or HalfOpen when all probes are under way.
    CircuitState state() const noexcept { return state_; }
    /// When that state began, by the breaker's clock.
    TimePoint since() const noexcept { return since_; }
    /// When the breaker lets the next call through. since() if half-open: as soon as a probe ends.
    TimePoint until() const noexcept { return until_; }

private:
    CircuitState state_;
    TimePoint since_;
    TimePoint until_;
};

/// The right to make one call, and its outcome. For calls that CircuitBreaker::run() does not fit, such as
/// those with a callback. Say succeed() or fail() once; later words are ignored. Destroyed without either,
/// the call counts as abandoned. Movable; one thread at a time. May outlive its breaker.
class TEMPEH_EXPORT CircuitPermit {
public:
    /// From CircuitBreaker::enter().
    CircuitPermit(std::shared_ptr<detail::CircuitCore> core, std::uint64_t period) noexcept;
    CircuitPermit(CircuitPermit&&) noexcept;
    CircuitPermit& operator=(CircuitPermit&& other) noexcept;
    ~CircuitPermit();

    /// The call succeeded.
    void succeed() noexcept;
    /// `cause` is for people, for the CircuitOpen that others get.
    void fail(std::string_view cause = {}) noexcept;
    /// Judges an exception as CircuitBreaker::run() does.
    void fail(const std::exception_ptr& failure) noexcept;

private:
    void abandon() noexcept;

    std::shared_ptr<detail::CircuitCore> core_;  // null: the outcome is known
    std::uint64_t period_ = 0;
};

namespace detail {

/// Whether a result means success: a null MessagePtr is a request that timed out, an error_code may be set.
struct ResultCheck {
    template <typename T>
    bool operator()(const T& result) const noexcept {
        if constexpr (std::is_same_v<T, MessagePtr>)
            return result != nullptr;
        else if constexpr (std::is_same_v<T, error_code>)
            return !result;
        else
            return true;
    }
};

template <typename T>
struct AwaitedOf {
    static constexpr bool isAwaitable = false;
};
template <typename T>
struct AwaitedOf<asio::awaitable<T>> {
    static constexpr bool isAwaitable = true;
    using Type = T;
};

/// What an operation has to give back for the breaker's run(): an awaitable, or its result at once.
template <typename Operation>
using CircuitReturn = std::invoke_result_t<Operation&>;

}  // namespace detail

/// Stops calling a service that fails. Closed, it lets every call through and counts failures in a row. At
/// `failureThreshold` it opens, and for `recoveryTimeout` every call fails at once with CircuitOpen, which
/// spares the caller its timeout and the service the load. Then it is half-open: `halfOpenProbes` calls at a
/// time go through, until `successThreshold` of them in a row have succeeded and it closes, or one fails and
/// it opens again. Cancelled calls count as neither. Give every operation a timeout: a probe that never ends
/// keeps its place.
///
/// A cheap handle: copies share the state. Any thread. A call costs two short locks and no allocation of the
/// breaker's own, other than a coroutine's frame. Time is steady; it does not move on its own: what is open
/// turns half-open with the first call after `recoveryTimeout`.
class TEMPEH_EXPORT CircuitBreaker {
public:
    /// Closed. Throws Error(InvalidOption).
    explicit CircuitBreaker(CircuitBreakerOptions options = {});
    /// In the time of an engine, which is virtual in the simulator. The engine must outlive every call. An
    /// `options.clock` of your own goes first.
    explicit CircuitBreaker(const Ampe& engine, CircuitBreakerOptions options = {});

    /// Makes the call if the breaker lets it through and counts how it ends. `operation` is called once; what
    /// it returns is the result, whether that is an awaitable (then this is one too) or a value (then this is
    /// a plain call). It fails by throwing, or by a result that `isSuccess` returns false for. Without
    /// `isSuccess` those are a null MessagePtr, which is how a request says that it timed out, and an
    /// error_code that is set. Throws what the operation throws, and CircuitOpen without calling it.
    ///
    /// Name a lambda with captures before the co_await: GCC 12 destroys such temporaries twice.
    template <typename Operation, typename Check = detail::ResultCheck>
        requires std::is_invocable_v<Operation&>
    detail::CircuitReturn<Operation> run(Operation operation, Check isSuccess = {}) const {
        using Return = detail::CircuitReturn<Operation>;
        if constexpr (detail::AwaitedOf<Return>::isAwaitable)
            return runAwaitable<typename detail::AwaitedOf<Return>::Type>(*this, std::move(operation),
                                                                          std::move(isSuccess));
        else
            return runPlain<Return>(operation, isSuccess);
    }
    /// The same with an operation that was made but not started: `breaker.run(peer.request(...))`. Destroys
    /// it if the breaker does not let it through.
    template <typename T, typename Check = detail::ResultCheck>
    [[nodiscard]] asio::awaitable<T> run(asio::awaitable<T> operation, Check isSuccess = {}) const {
        return runAwaitable<T>(*this, std::move(operation), std::move(isSuccess));
    }

    /// Asks for one call. Throws CircuitOpen.
    [[nodiscard]] CircuitPermit enter() const;

    /// Opens it now, for `recoveryTimeout`; closes it now. For operators.
    void trip() const noexcept;
    void reset() const noexcept;

    /// Snapshots.
    CircuitState state() const noexcept;
    CircuitCounters counters() const noexcept;

private:
    template <typename T, typename Operation, typename Check>
    static asio::awaitable<T> runAwaitable(CircuitBreaker self, Operation operation, Check isSuccess);
    template <typename T, typename Operation, typename Check>
    T runPlain(Operation& operation, Check& isSuccess) const;
    template <typename T, typename Check>
    static void judge(CircuitPermit& permit, const T& result, Check& isSuccess);

    std::shared_ptr<detail::CircuitCore> core_;
};

template <typename T, typename Check>
void CircuitBreaker::judge(CircuitPermit& permit, const T& result, Check& isSuccess) {
    if (isSuccess(result))
        permit.succeed();
    else
        permit.fail("no answer in time, or one that counts as a failure");
}

template <typename T, typename Operation, typename Check>
asio::awaitable<T> CircuitBreaker::runAwaitable(CircuitBreaker self, Operation operation, Check isSuccess) {
    CircuitPermit permit = self.enter();
    try {
        asio::awaitable<T> call;
        if constexpr (std::is_same_v<Operation, asio::awaitable<T>>)
            call = std::move(operation);
        else
            call = operation();
        if constexpr (std::is_void_v<T>) {
            co_await std::move(call);
            permit.succeed();
            co_return;
        } else {
            T result = co_await std::move(call);
            judge(permit, result, isSuccess);
            co_return result;
        }
    } catch (...) {
        permit.fail(std::current_exception());
        throw;
    }
}

template <typename T, typename Operation, typename Check>
T CircuitBreaker::runPlain(Operation& operation, Check& isSuccess) const {
    CircuitPermit permit = enter();
    try {
        if constexpr (std::is_void_v<T>) {
            operation();
            permit.succeed();
        } else {
            T result = operation();
            judge(permit, result, isSuccess);
            return result;
        }
    } catch (...) {
        permit.fail(std::current_exception());
        throw;
    }
}

}  // namespace tempeh::flows

template <>
struct boost::system::is_error_code_enum<tempeh::flows::CircuitErrc> : std::true_type {};
