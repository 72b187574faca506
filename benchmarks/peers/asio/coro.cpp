// What a competent user writes in an evening: read a header, read a body, write a message, one after the
// other.
#include "common.hpp"

namespace bench::aio {
namespace {

/// The whole frame in `buffer`; false at the end of the stream.
asio::awaitable<bool> readOne(Socket& socket, Bytes& buffer) {
    error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    buffer.resize(frame::kHeaderSize);
    co_await asio::async_read(socket, asio::buffer(buffer), token);
    if (ec) co_return false;
    buffer.resize(frame::kHeaderSize + frame::readHeader(buffer.data()));
    co_await asio::async_read(socket, asio::buffer(buffer) + frame::kHeaderSize, token);
    co_return !ec;
}

asio::awaitable<void> session(Socket socket, Responder& responder) {
    Bytes buffer;
    for (;;) {
        const bool open = co_await readOne(socket, buffer);
        if (!open) co_return;
        const Action action =
            responder.onMessage(buffer.data() + frame::kHeaderSize, buffer.size() - frame::kHeaderSize);
        if (action == Action::Absorb) continue;
        buffer[2] = frame::kResponse;
        if (action == Action::Summarize) buffer = summaryFrame(responder);
        error_code ec;
        co_await asio::async_write(socket, asio::buffer(buffer),
                                   asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
    }
}

asio::awaitable<void> pingPongLane(Driver& driver, Lane& lane) {
    bool more = driver.mayStart();
    while (more) {
        driver.next(lane.number, lane.body());
        co_await asio::async_write(lane.socket, asio::buffer(lane.out), asio::use_awaitable);
        const bool open = co_await readOne(lane.socket, lane.in);
        if (!open) fail("the server closed the connection");
        more = driver.reply(lane.number, lane.in.data() + frame::kHeaderSize,
                            lane.in.size() - frame::kHeaderSize);
    }
}

/// A reader that earns credits and a writer, started when it is idle, that spends them: neither waits for the
/// other.
struct Pipeline {
    Driver& driver;
    Lane& lane;
    std::uint32_t credits;
    bool writing = false;

    Pipeline(Driver& d, Lane& l) : driver(d), lane(l), credits(d.window()) {}

    void startWriter(const std::shared_ptr<Pipeline>& self) {
        if (writing) return;
        writing = true;
        asio::co_spawn(lane.socket.get_executor(), write(self), rethrow);
    }

    static asio::awaitable<void> write(std::shared_ptr<Pipeline> self) {
        while (self->credits > 0 && self->driver.mayStart()) {
            --self->credits;
            self->driver.next(self->lane.number, self->lane.body());
            co_await asio::async_write(self->lane.socket, asio::buffer(self->lane.out), asio::use_awaitable);
        }
        self->writing = false;
    }

    static asio::awaitable<void> read(std::shared_ptr<Pipeline> self) {
        Lane& lane = self->lane;
        self->startWriter(self);
        do {
            const bool open = co_await readOne(lane.socket, lane.in);
            if (!open) fail("the server closed the connection");
            self->driver.reply(lane.number, lane.in.data() + frame::kHeaderSize,
                               lane.in.size() - frame::kHeaderSize);
            ++self->credits;
            self->startWriter(self);
        } while (!self->driver.finished());
    }
};

asio::awaitable<void> streamLane(Driver& driver, Lane& lane) {
    while (driver.mayStart()) {
        driver.next(lane.number, lane.body());
        co_await asio::async_write(lane.socket, asio::buffer(lane.out), asio::use_awaitable);
    }
}

struct Coroutines : Style {
    void pingPong(Driver& driver, Lane& lane) override {
        asio::co_spawn(lane.socket.get_executor(), pingPongLane(driver, lane), rethrow);
    }
    void pipeline(Driver& driver, Lane& lane) override {
        asio::co_spawn(lane.socket.get_executor(), Pipeline::read(std::make_shared<Pipeline>(driver, lane)),
                       rethrow);
    }
    void stream(Driver& driver, Lane& lane) override {
        asio::co_spawn(lane.socket.get_executor(), streamLane(driver, lane), rethrow);
    }
};

void serveCoroutines(const Options& options) {
    serve(options, [](Socket socket, Responder& responder) {
        const auto executor = socket.get_executor();
        asio::co_spawn(executor, session(std::move(socket), responder), rethrow);
    });
}

}  // namespace
}  // namespace bench::aio

int main(int argc, char** argv) {
    using namespace bench::aio;
    return bench::runProgram("asio_coro", argc, argv, serveCoroutines, drive<Coroutines>);
}
