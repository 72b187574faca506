// The mailbox of a group: producers splice batches in, one consumer takes them one by one. Time is per
// message (first part) and per wake of a suspended receiver (second part).

#include "core/group/mailbox.hpp"
#include "hand_over.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>

namespace tempeh::bench {
namespace {

const Companion companion;

/// No channel ends here.
class NoListener final : public core::MailboxOwner {
    bool resumeSoon(detail::Waiter&) noexcept override { return false; }
    MessageQueue onCloseNotice(std::uint64_t) noexcept override { return {}; }
};
NoListener noListener;

MessageQueue makeBatch(std::size_t size) {
    MessageQueue batch;
    for (std::size_t i = 0; i < size; ++i)
        batch.pushBack(MessagePtr(new Message));
    return batch;
}

void countMessages(benchmark::State& state) {
    using benchmark::Counter;
    const double messages = static_cast<double>(state.iterations() * state.range(0));
    state.counters["ns/message"] =
        Counter(messages * 1e-9, Counter::kIsRate | Counter::kAvgThreads | Counter::kInvert);
}

void oneThread(benchmark::State& state) {
    core::Mailbox mailbox(noListener);
    MessageQueue batch = makeBatch(static_cast<std::size_t>(state.range(0)));
    error_code ec;
    for (auto _ : state) {
        mailbox.deliver(batch, false);
        while (MessagePtr message = mailbox.tryReceive(ec))
            batch.pushBack(std::move(message));
    }
    countMessages(state);
}
BENCHMARK(oneThread)->Arg(1)->Arg(16)->Arg(128);

HandOver<MessageQueue> belt;

/// One thread delivers, the other looks until the batch is there and gives it back over the belt. The only
/// part that is not the mailbox is the belt, once a batch.
void twoThreads(benchmark::State& state) {
    static core::Mailbox mailbox(noListener);
    static MessageQueue queues[3];
    const auto size = static_cast<std::size_t>(state.range(0));
    if (state.thread_index() == 0) {
        // Two under way, so that neither side stands still for the other.
        mailbox.deliver(queues[0] = makeBatch(size), false);
        mailbox.deliver(queues[1] = makeBatch(size), false);
        for (auto _ : state)
            mailbox.deliver(*belt.take(), false);
    } else {
        error_code ec;
        std::size_t next = 0;
        for (auto _ : state) {
            MessageQueue& back = queues[next++ % 3];
            while (back.size() < size) {
                MessagePtr message = mailbox.tryReceive(ec);
                if (message)
                    back.pushBack(std::move(message));
                else
                    std::this_thread::yield();
            }
            belt.put(&back);
        }
    }
    countMessages(state);
    if (state.thread_index() != 0) return;
    error_code ec;  // both loops are over: what is left of this run
    while (mailbox.tryReceive(ec)) {
    }
}
BENCHMARK(twoThreads)->Arg(1)->Arg(16)->Arg(128)->Threads(2)->UseRealTime();

/// A receiver on a context: takes what is there as soon as it is resumed, then waits again.
class Receiver final : public detail::Waiter {
public:
    Receiver(core::Mailbox& mailbox, asio::io_context& context) : mailbox_(mailbox), context_(context) {}
    ~Receiver() { mailbox_.forget(*this); }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    void waitAgain() noexcept { mailbox_.start(*this); }

    void resume(bool inlineAllowed) noexcept override {
        const auto work = [this] { take(); };
        if (inlineAllowed)
            asio::dispatch(context_, work);
        else
            asio::post(context_, work);
    }

    MessageQueue taken;

private:
    void take() noexcept {
        MessagePtr message;
        error_code ec;
        if (!mailbox_.finish(*this, message, ec)) return;
        do
            taken.pushBack(std::move(message));
        while ((message = mailbox_.tryReceive(ec)));
        waitAgain();
    }

    core::Mailbox& mailbox_;
    asio::io_context& context_;
};

/// As when the engine delivers on the receiver's own executor.
void resumedInline(benchmark::State& state) {
    asio::io_context context(1);
    core::Mailbox mailbox(noListener);
    Receiver receiver(mailbox, context);
    receiver.waitAgain();
    MessageQueue batch = makeBatch(static_cast<std::size_t>(state.range(0)));
    asio::post(context, [&] {
        for (auto _ : state) {
            mailbox.deliver(batch, true);
            batch.append(receiver.taken);
        }
    });
    context.run();
    countMessages(state);
}

/// Through the context's queue, as from another executor.
void resumedByPost(benchmark::State& state) {
    asio::io_context context(1);
    const auto work = asio::make_work_guard(context);
    core::Mailbox mailbox(noListener);
    Receiver receiver(mailbox, context);
    receiver.waitAgain();
    MessageQueue batch = makeBatch(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        mailbox.deliver(batch, false);
        context.poll_one();
        batch.append(receiver.taken);
    }
    countMessages(state);
}
BENCHMARK(resumedInline)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(resumedByPost)->Arg(1)->Arg(16)->Arg(128);

}  // namespace
}  // namespace tempeh::bench
