#pragma once

#include <tempeh/actors/detail/asio_1_81.hpp>
#include <tempeh/actors/detail/ask_base.hpp>
#include <tempeh/actors/detail/cell_ref.hpp>
#include <tempeh/core/detail/resumption.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_future.hpp>

#include <concepts>
#include <exception>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

/// Questions and sends as Asio operations that put nothing into a coroutine frame of their own.
namespace tempeh::actors::detail {

/// Whether a token wants an error_code. Every other one, such as a co_await without a token, gets an
/// exception_ptr, so that its exception has the whole text.
template <typename Token, typename R>
inline constexpr bool wantsCode = std::invocable<Token&, error_code, R>;
template <typename Token>
inline constexpr bool wantsCode<Token, void> = std::invocable<Token&, error_code>;
template <typename Allocator>
inline constexpr bool wantsCode<asio::use_future_t<Allocator>, void> = false;  // it is callable as well
template <typename Inner, typename R>
inline constexpr bool wantsCode<asio::as_tuple_t<Inner>, R> = true;
template <typename Inner>
inline constexpr bool wantsCode<asio::as_tuple_t<Inner>, void> = true;
template <typename Inner, typename R>
inline constexpr bool wantsCode<asio::redirect_error_t<Inner>, R> = true;
template <typename Inner>
inline constexpr bool wantsCode<asio::redirect_error_t<Inner>, void> = true;

template <typename Failure, typename R>
struct SignatureOf {
    using type = void(Failure, R);
};
template <typename Failure>
struct SignatureOf<Failure, void> {
    using type = void(Failure);
};
template <typename Token, typename R>
using AskFailure = std::conditional_t<wantsCode<std::decay_t<Token>, R>, error_code, std::exception_ptr>;
template <typename Token, typename R>
using AskSignature = typename SignatureOf<AskFailure<Token, R>, R>::type;

/// Memory from the running worker's stock if there is one. Throws std::bad_alloc.
TEMPEH_ACTORS_EXPORT void* allocateBlock(std::size_t size);
/// The same; null in the place of the exception.
TEMPEH_ACTORS_EXPORT void* tryAllocateBlock(std::size_t size) noexcept;
TEMPEH_ACTORS_EXPORT void freeBlock(void* block, std::size_t size) noexcept;
/// The coroutine of an actor that runs now, if `executor` is its executor; null otherwise.
TEMPEH_ACTORS_EXPORT Runner* runnerOf(const asio::any_io_executor& executor) noexcept;
/// Where questions to an actor that no actor of its own asks are completed.
TEMPEH_ACTORS_EXPORT asio::any_io_executor executorOf(const CellCount* cell) noexcept;
/// Sends the envelope as that question. Whatever is wrong becomes the question's outcome.
TEMPEH_ACTORS_EXPORT void startAsk(AskBase& ask, CellRef target, EnvelopePtr envelope,
                                   Duration timeout) noexcept;
/// Sends the envelope, and waits for room for it. Whatever is wrong becomes the outcome.
TEMPEH_ACTORS_EXPORT void startSend(AskBase& send, CellRef target, EnvelopePtr envelope,
                                    Duration timeout) noexcept;
/// Waits until a supervisor has started its children. There is no envelope.
TEMPEH_ACTORS_EXPORT void startWaitForStart(AskBase& ask, CellRef supervisor, EnvelopePtr nothing,
                                            Duration timeout) noexcept;
/// What an Asking does once it is started.
using AskStart = void (*)(AskBase& ask, CellRef target, EnvelopePtr envelope, Duration timeout) noexcept;
/// Hands a decided question to its worker. Calls its `run`, here or there.
TEMPEH_ACTORS_EXPORT void completeAtHome(AskBase& ask) noexcept;
/// The worker's part of the end: no deadline, no waiting any more.
TEMPEH_ACTORS_EXPORT void settleAsk(AskBase& ask) noexcept;

/// While it lives, what runs here runs as part of that coroutine of an actor.
class TEMPEH_ACTORS_EXPORT RunnerScope {
public:
    explicit RunnerScope(Runner& runner) noexcept;
    ~RunnerScope();
    RunnerScope(const RunnerScope&) = delete;
    RunnerScope& operator=(const RunnerScope&) = delete;

private:
    Runner* const outer_;
    Cell* const outerCell_;
    Worker* const outerWorker_;
};

/// The outcome with its handler, on the way to it.
template <typename Handler, typename Failure, typename R>
struct AskOutcome {
    Handler handler;
    Failure failure{};
    std::optional<R> value{};

    void operator()() {
        if (value)
            std::move(handler)(Failure{}, std::move(*value));
        else
            std::move(handler)(failure, R());
    }
};
template <typename Handler, typename Failure>
struct AskOutcome<Handler, Failure, void> {
    Handler handler;
    Failure failure{};

    void operator()() { std::move(handler)(failure); }
};

template <typename R, typename Handler, typename Failure>
class AskOperation final : public AskResult<R> {
public:
    template <typename Start>
    static void launch(Handler handler, CellRef target, Start start) {
        // An exception that left an initiation would destroy a waiting coroutine instead of telling it.
        void* const memory = tryAllocateBlock(sizeof(AskOperation));
        if (memory == nullptr) return endForMemory(std::move(handler));
        auto* operation = ::new (memory) AskOperation(std::move(handler), target.get());
        if (operation->tryMakeCancellable())
            start(*operation, std::move(target));
        else
            operation->failForMemory();
    }

    /// As AskBase wants it; see Resumption.
    void finish() {
        executor_.reset();
        Outcome outcome = takeOutcome();
        this->letGo();
        outcome();
    }
    void abandon() noexcept {
        executor_.reset();
        this->letGo();
    }

private:
    using Executor = std::decay_t<decltype(asio::prefer(
        std::declval<asio::associated_executor_t<Handler, asio::any_io_executor>>(),
        asio::execution::outstanding_work.tracked))>;

    AskOperation(Handler&& handler, CellCount* target)
        : AskResult<R>(&AskOperation::over, &AskOperation::destroy), handler_(std::move(handler)) {
        const auto executor = asio::get_associated_executor(handler_, executorOf(target));
        if constexpr (std::convertible_to<decltype(executor), asio::any_io_executor>)
            this->runner = runnerOf(executor);
        if (this->runner == nullptr)
            executor_.emplace(asio::prefer(executor, asio::execution::outstanding_work.tracked));
        Node::run = &AskOperation::complete;
    }
    ~AskOperation() = default;

    bool tryMakeCancellable() noexcept {
        return tempeh::detail::tryAssign(asio::get_associated_cancellation_slot(handler_),
                                         [this](asio::cancellation_type type) {
                                             if (type != asio::cancellation_type::none)
                                                 AskBase::abandon(Errc::Success);
                                         });
    }
    static void endForMemory(Handler handler) {
        if constexpr (std::same_as<Failure, error_code>)
            Outcome{std::move(handler), asio::error::no_memory}();
        else
            Outcome{std::move(handler), std::make_exception_ptr(std::bad_alloc())}();
    }

    static void over(AskBase& ask) noexcept { completeAtHome(ask); }
    static void destroy(AskBase& ask) noexcept {
        auto& self = static_cast<AskOperation&>(ask);
        self.~AskOperation();
        freeBlock(&self, sizeof(AskOperation));
    }

    /// On the home worker, or, once that is closed, wherever it was decided.
    static void complete(Node& node, Worker*) noexcept {
        auto& self = static_cast<AskOperation&>(node);
        settleAsk(self);
        auto slot = asio::get_associated_cancellation_slot(self.handler_);
        if (slot.is_connected()) slot.clear();
        if (self.runner != nullptr) {
            const RunnerScope scope(*self.runner);
            return self.finish();
        }
        const Executor executor = *self.executor_;
        while (!tempeh::detail::tryPostResumption<tempeh::detail::Resumption<AskOperation>>(self, executor))
            std::this_thread::yield();  // nobody else would tell the handler
    }

    using Outcome = AskOutcome<Handler, Failure, R>;

    Outcome takeOutcome() {
        Failure failure{};
        if constexpr (std::same_as<Failure, error_code>)
            failure = this->error();
        else
            failure = this->failure();
        if constexpr (std::is_void_v<R>)
            return Outcome{std::move(handler_), failure};
        else
            return Outcome{std::move(handler_), failure, std::move(this->value())};
    }

    Handler handler_;
    std::optional<Executor> executor_;
};

/// Starts questions.
template <typename R, typename Failure>
struct StartAsk {
    using executor_type = asio::any_io_executor;

    CellCount* target;

    executor_type get_executor() const noexcept { return executorOf(target); }

    template <typename Handler>
    void operator()(Handler&& handler, CellRef cell, EnvelopePtr envelope, Duration timeout,
                    AskStart start) const {
        AskOperation<R, std::decay_t<Handler>, Failure>::launch(
            std::forward<Handler>(handler), std::move(cell),
            [&](AskBase& ask, CellRef asked) { start(ask, std::move(asked), std::move(envelope), timeout); });
    }
};

}  // namespace tempeh::actors::detail

namespace tempeh::actors {

/// A question, or a message that waits for room, that was not sent yet: an Asio operation. `co_await` it, or
/// call it with any completion token: `ref.ask<Add>(1s, 2)(asio::use_future)`. The signature is
/// `void(error_code, R)` for callbacks and for as_tuple and redirect_error, and `void(std::exception_ptr, R)`
/// for the others, so that what they throw has its text. Moved, not copied. Start it once; destroyed before
/// that, nothing is sent. Cancellation (all three types) ends the wait with operation_aborted, and the actor
/// may still handle the message.
template <typename R>
class [[nodiscard]] Asking {
public:
    Asking(detail::CellRef target, detail::EnvelopePtr envelope, Duration timeout,
           detail::AskStart start = &detail::startAsk) noexcept
        : target_(std::move(target)), envelope_(std::move(envelope)), timeout_(timeout), start_(start) {}

    template <typename Token>
        requires asio::completion_token_for<Token, detail::AskSignature<Token, R>>
    auto operator()(Token&& token) {
        return asio::async_initiate<Token, detail::AskSignature<Token, R>>(
            detail::StartAsk<R, detail::AskFailure<Token, R>>{target_.get()}, token, std::move(target_),
            std::move(envelope_), timeout_, start_);
    }

private:
    detail::CellRef target_;
    detail::EnvelopePtr envelope_;
    Duration timeout_;
    detail::AskStart start_;
};

}  // namespace tempeh::actors
