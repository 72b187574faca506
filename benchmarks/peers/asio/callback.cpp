// The plain way with callbacks: read a header, read a body, write a message.
#include "common.hpp"

namespace bench::aio {
namespace {

/// Calls `onBody(buffer)` with a whole frame in the buffer, or `onEnd()`.
template <typename OnFrame, typename OnEnd>
void readOne(Socket& socket, Bytes& buffer, OnFrame onFrame, OnEnd onEnd) {
    buffer.resize(frame::kHeaderSize);
    asio::async_read(
        socket, asio::buffer(buffer), [&socket, &buffer, onFrame, onEnd](error_code ec, std::size_t) {
            if (ec) return onEnd();
            buffer.resize(frame::kHeaderSize + frame::readHeader(buffer.data()));
            asio::async_read(
                socket, asio::buffer(buffer) + frame::kHeaderSize,
                [onFrame, onEnd](error_code error, std::size_t) { error ? onEnd() : onFrame(); });
        });
}

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Socket socket, Responder& responder) : socket_(std::move(socket)), responder_(responder) {}

    void read() {
        readOne(
            socket_, buffer_, [self = shared_from_this()] { self->onFrame(); },
            [self = shared_from_this()] { self->socket_.close(); });
    }

private:
    void onFrame() {
        const Action action =
            responder_.onMessage(buffer_.data() + frame::kHeaderSize, buffer_.size() - frame::kHeaderSize);
        if (action == Action::Absorb) return read();
        buffer_[2] = frame::kResponse;
        if (action == Action::Summarize) buffer_ = summaryFrame(responder_);
        asio::async_write(socket_, asio::buffer(buffer_),
                          [self = shared_from_this()](error_code ec, std::size_t) {
                              if (!ec) self->read();
                          });
    }

    Socket socket_;
    Responder& responder_;
    Bytes buffer_;
};

/// A window of messages in flight; the writer never waits for the reader nor the reader for the writer.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(Driver& driver, Lane& lane) : driver_(driver), lane_(lane), credits_(driver.window()) {}

    void start() {
        write();
        read();
    }

private:
    void write() {
        if (writing_ || credits_ == 0 || !driver_.mayStart()) return;
        writing_ = true;
        --credits_;
        ++inFlight_;
        driver_.next(lane_.number, lane_.body());
        asio::async_write(lane_.socket, asio::buffer(lane_.out),
                          [self = shared_from_this()](error_code ec, std::size_t) {
                              if (ec) fail("write: " + ec.message());
                              self->writing_ = false;
                              self->write();
                          });
    }

    void read() {
        if (inFlight_ == 0) return;
        readOne(
            lane_.socket, lane_.in, [self = shared_from_this()] { self->onFrame(); },
            [] { fail("the server closed the connection"); });
    }

    void onFrame() {
        driver_.reply(lane_.number, lane_.in.data() + frame::kHeaderSize,
                      lane_.in.size() - frame::kHeaderSize);
        --inFlight_;
        ++credits_;
        write();
        read();
    }

    Driver& driver_;
    Lane& lane_;
    std::uint32_t credits_;
    std::uint32_t inFlight_ = 0;
    bool writing_ = false;
};

void streamNext(Driver& driver, Lane& lane) {
    if (!driver.mayStart()) return;
    driver.next(lane.number, lane.body());
    asio::async_write(lane.socket, asio::buffer(lane.out), [&driver, &lane](error_code ec, std::size_t) {
        if (ec) fail("write: " + ec.message());
        streamNext(driver, lane);
    });
}

struct Callbacks : Style {
    void pingPong(Driver& driver, Lane& lane) override { std::make_shared<Exchange>(driver, lane)->start(); }
    void pipeline(Driver& driver, Lane& lane) override { pingPong(driver, lane); }
    void stream(Driver& driver, Lane& lane) override { streamNext(driver, lane); }
};

void serveCallbacks(const Options& options) {
    serve(options, [](Socket socket, Responder& responder) {
        std::make_shared<Session>(std::move(socket), responder)->read();
    });
}

}  // namespace
}  // namespace bench::aio

int main(int argc, char** argv) {
    using namespace bench::aio;
    return bench::runProgram("asio_callback", argc, argv, serveCallbacks, drive<Callbacks>);
}
