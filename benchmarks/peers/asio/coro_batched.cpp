// Coroutines by somebody who measured: one big read, every frame in it, everything pending in one write.
#include "common.hpp"

namespace bench::aio {
namespace {

inline constexpr std::size_t kReadSize = 256 * 1024;
inline constexpr std::size_t kWriteSize = 64 * 1024;
/// A connection starts with a small buffer and grows it when reads fill it: a thousand idle ones stay cheap.
inline constexpr std::size_t kFirstReadSize = 4 * 1024;

/// Grows up to kReadSize; holds a cut-off frame between reads.
struct Input {
    Bytes buffer = Bytes(kFirstReadSize);
    std::size_t filled = 0;

    asio::mutable_buffer room() { return asio::buffer(buffer) + filled; }

    template <typename OnFrame>
    void parse(std::size_t got, OnFrame&& onFrame) {
        filled += got;
        const bool full = filled == buffer.size();
        const std::size_t consumed = frame::forEach(buffer.data(), filled, onFrame);
        filled -= consumed;
        if (filled > 0) std::memmove(buffer.data(), buffer.data() + consumed, filled);
        if (full && buffer.size() < kReadSize) buffer.resize(buffer.size() * 4);
    }
};

/// What waits to be written; a coroutine of its own writes it, so reading never waits for writing.
struct Output : std::enable_shared_from_this<Output> {
    explicit Output(Socket s) : socket(std::move(s)) {}

    std::byte* add(std::size_t size) {
        const std::size_t at = pending.size();
        pending.resize(at + size);
        return pending.data() + at;
    }
    void add(const std::byte* data, std::size_t size) { pending.insert(pending.end(), data, data + size); }

    void flush() {
        if (writing || pending.empty()) return;
        writing = true;
        asio::co_spawn(socket.get_executor(), drain(shared_from_this()), rethrow);
    }

    static asio::awaitable<void> drain(std::shared_ptr<Output> self) {
        error_code ec;
        while (!self->pending.empty() && !ec) {
            std::swap(self->pending, self->leaving);
            auto token = asio::redirect_error(asio::use_awaitable, ec);
            co_await asio::async_write(self->socket, asio::buffer(self->leaving), token);
            self->leaving.clear();
        }
        self->writing = false;
    }

    Socket socket;
    Bytes pending;
    Bytes leaving;
    bool writing = false;
};

asio::awaitable<void> session(std::shared_ptr<Output> output, Responder& responder) {
    Input input;
    for (;;) {
        error_code ec;
        auto token = asio::redirect_error(asio::use_awaitable, ec);
        const std::size_t got = co_await output->socket.async_read_some(input.room(), token);
        if (ec) co_return;
        input.parse(got, [&](std::byte* head, std::byte* body, std::size_t n) {
            const Action action = responder.onMessage(body, n);
            if (action == Action::Absorb) return;
            head[2] = frame::kResponse;
            if (action == Action::Echo) {
                output->add(head, frame::kHeaderSize + n);
            } else {
                const Bytes summary = summaryFrame(responder);
                output->add(summary.data(), summary.size());
            }
        });
        output->flush();
    }
}

/// Frame for the next message of the lane, appended.
void append(Driver& driver, Lane& lane, Output& output) {
    driver.next(lane.number, lane.body());
    output.add(lane.out.data(), lane.out.size());
}

asio::awaitable<void> exchange(Driver& driver, Lane& lane, std::shared_ptr<Output> output) {
    Input input;
    for (std::uint32_t i = 0; i < driver.window() && driver.mayStart(); ++i)
        append(driver, lane, *output);
    std::uint64_t inFlight = output->pending.size() / lane.out.size();
    while (inFlight > 0) {
        output->flush();
        const std::size_t got = co_await output->socket.async_read_some(input.room(), asio::use_awaitable);
        input.parse(got, [&](std::byte*, std::byte* body, std::size_t n) {
            --inFlight;
            if (!driver.reply(lane.number, body, n)) return;
            append(driver, lane, *output);
            ++inFlight;
        });
    }
    lane.socket = std::move(output->socket);
}

asio::awaitable<void> streamLane(Driver& driver, Lane& lane) {
    Bytes batch;
    while (driver.mayStart()) {
        batch.clear();
        do {
            driver.next(lane.number, lane.body());
            batch.insert(batch.end(), lane.out.begin(), lane.out.end());
        } while (batch.size() + lane.out.size() <= kWriteSize && driver.mayStart());
        co_await asio::async_write(lane.socket, asio::buffer(batch), asio::use_awaitable);
    }
}

struct Batched : Style {
    void pingPong(Driver& driver, Lane& lane) override {
        const auto executor = lane.socket.get_executor();
        asio::co_spawn(executor, exchange(driver, lane, std::make_shared<Output>(std::move(lane.socket))),
                       rethrow);
    }
    void pipeline(Driver& driver, Lane& lane) override { pingPong(driver, lane); }
    void stream(Driver& driver, Lane& lane) override {
        asio::co_spawn(lane.socket.get_executor(), streamLane(driver, lane), rethrow);
    }
};

void serveBatched(const Options& options) {
    serve(options, [](Socket socket, Responder& responder) {
        const auto executor = socket.get_executor();
        asio::co_spawn(executor, session(std::make_shared<Output>(std::move(socket)), responder), rethrow);
    });
}

}  // namespace
}  // namespace bench::aio

int main(int argc, char** argv) {
    using namespace bench::aio;
    return bench::runProgram("asio_coro_batched", argc, argv, serveBatched, drive<Batched>);
}
