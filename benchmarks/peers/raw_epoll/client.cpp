#include "driver.hpp"
#include "due_timer.hpp"
#include "epoll.hpp"
#include "program.hpp"
#include "roles.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace bench::raw {
namespace {

/// Frames in a row, ready to be sent. All have one length, so their places in the buffer never move and only
/// header, tag and stamp are written anew: nobody can build messages for less.
class Outbox {
public:
    explicit Outbox(std::size_t body) : slot_(frame::kHeaderSize + body) {}

    bool empty() const { return begin_ == end_; }
    std::size_t size() const { return end_ - begin_; }
    std::size_t slot() const { return slot_; }

    /// Body of a new frame at the end; valid until the next call.
    std::byte* add(std::uint32_t lane) {
        if (end_ + slot_ > buffer_.size()) buffer_.resize(end_ + slot_, std::byte{0x5a});
        std::byte* head = buffer_.data() + end_;
        frame::writeHeader(head, static_cast<std::uint16_t>(lane + 1), frame::kRequest, ++lastId_,
                           slot_ - frame::kHeaderSize);
        end_ += slot_;
        return head + frame::kHeaderSize;
    }

    /// Sends what the socket takes.
    void flush(int fd) {
        while (begin_ < end_) {
            const std::size_t put = sendSome(fd, buffer_.data() + begin_, end_ - begin_);
            if (put == 0) return compact();
            begin_ += put;
        }
        begin_ = end_ = 0;
    }

    /// Sends all of it, on a blocking socket.
    void flushBlocking(int fd) {
        writeAll(fd, buffer_.data() + begin_, end_ - begin_);
        begin_ = end_ = 0;
    }

private:
    /// What is left moves to the front by whole frames, or a connection that is never idle would grow for
    /// ever.
    void compact() {
        const std::size_t gone = begin_ / slot_ * slot_;
        if (gone * 2 < end_) return;
        std::memmove(buffer_.data(), buffer_.data() + gone, end_ - gone);
        begin_ -= gone;
        end_ -= gone;
    }

    std::size_t slot_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t lastId_ = 0;
};

struct Lane {
    int fd;
    std::uint32_t number;
    Partial partial;
    Outbox outbox;
    Interest interest;

    Lane(int socket, std::uint32_t lane, std::size_t body) : fd(socket), number(lane), outbox(body) {}
    ~Lane() { ::close(fd); }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
};

std::vector<std::byte> readFrame(int fd) {
    std::array<std::byte, frame::kHeaderSize> header{};
    readAll(fd, header.data(), header.size());
    std::vector<std::byte> body(frame::readHeader(header.data()));
    readAll(fd, body.data(), body.size());
    return body;
}

class Client {
public:
    explicit Client(const Options& options) : options_(options), driver_(options), epoll_(options.spinUs) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            stream();
        } else if (options_.workload == Workload::Open) {
            open();
        } else {
            exchange();
        }
        end(lanes_.front());
    }

private:
    /// Connections are opened in batches, so that the listener's backlog never overflows.
    void openAll() {
        while (lanes_.size() < options_.connections) {
            const std::size_t first = lanes_.size();
            const std::size_t until = std::min<std::size_t>(first + kOpenBatch, options_.connections);
            for (std::size_t i = first; i < until; ++i) {
                const auto number = static_cast<std::uint32_t>(i);
                Lane& lane = lanes_.emplace_back(connectTo(options_.address), number, options_.size);
                driver_.probe(number, lane.outbox.add(number));
                lane.outbox.flushBlocking(lane.fd);
            }
            for (std::size_t i = first; i < until; ++i) {
                const std::vector<std::byte> body = readFrame(lanes_[i].fd);
                driver_.probeReply(lanes_[i].number, body.data(), body.size());
            }
        }
    }

    void stream() {
        Lane& lane = lanes_.front();
        while (driver_.mayStart()) {
            driver_.next(0, lane.outbox.add(0));
            if (lane.outbox.size() + lane.outbox.slot() > kWriteSize) lane.outbox.flushBlocking(lane.fd);
        }
    }

    void exchange() {
        for (Lane& lane : lanes_) {
            setNonBlocking(lane.fd, true);
            epoll_.add(lane.fd, kReadEvents, &lane);
        }
        for (std::uint32_t i = 0; i < driver_.activeLanes(); ++i)
            start(lanes_[i]);
        while (!driver_.finished()) {
            for (const epoll_event& event : epoll_.wait())
                onEvent(*static_cast<Lane*>(event.data.ptr));
        }
        for (Lane& lane : lanes_)
            setNonBlocking(lane.fd, false);
    }

    /// Sends whatever is due, then waits for the next moment or an answer.
    void open() {
        Lane& lane = lanes_.front();
        DueTimer timer;
        setNonBlocking(lane.fd, true);
        epoll_.add(lane.fd, kReadEvents, &lane);
        epoll_.add(timer.fd(), EPOLLIN | EPOLLET, nullptr);
        while (!driver_.finished()) {
            while (driver_.isDue())
                driver_.next(0, lane.outbox.add(0));
            flush(lane);
            timer.arm(driver_.dueNs());
            for (const epoll_event& event : epoll_.wait())
                if (event.data.ptr != nullptr) onAnswers(lane);
        }
        setNonBlocking(lane.fd, false);
    }

    void onAnswers(Lane& lane) {
        const bool open = reader_.drain(lane.fd, lane.partial, [&](std::byte* data, std::size_t size) {
            return frame::forEach(data, size, [&](std::byte*, std::byte* body, std::size_t n) {
                driver_.reply(lane.number, body, n);
            });
        });
        if (!open) fail("the server closed the connection");
    }

    void start(Lane& lane) {
        for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i) {
            driver_.next(lane.number, lane.outbox.add(lane.number));
        }
        flush(lane);
    }

    void flush(Lane& lane) {
        lane.outbox.flush(lane.fd);
        lane.interest.update(epoll_, lane.fd, &lane, !lane.outbox.empty());
    }

    void onEvent(Lane& lane) {
        const bool open = reader_.drain(lane.fd, lane.partial, [&](std::byte* data, std::size_t size) {
            return frame::forEach(data, size, [&](std::byte*, std::byte* body, std::size_t n) {
                if (driver_.reply(lane.number, body, n))
                    driver_.next(lane.number, lane.outbox.add(lane.number));
            });
        });
        if (!open) fail("the server closed the connection");
        if (!lane.outbox.empty()) flush(lane);
    }

    void end(Lane& lane) {
        driver_.last(lane.outbox.add(lane.number));
        lane.outbox.flushBlocking(lane.fd);
        const std::vector<std::byte> body = readFrame(lane.fd);
        driver_.finish(body.data(), body.size());
    }

    /// So many connections at a time: connect, one round trip, close.
    void setup() {
        driver_.begin();
        std::uint32_t number = 0;
        while (driver_.mayStart()) {
            driver_.connecting();
            std::deque<Lane> lanes;
            for (; lanes.size() < options_.connections && driver_.mayStart(); ++number) {
                Lane& lane = lanes.emplace_back(connectTo(options_.address), number, options_.size);
                driver_.next(number, lane.outbox.add(number));
                lane.outbox.flushBlocking(lane.fd);
            }
            for (Lane& lane : lanes) {
                const std::vector<std::byte> body = readFrame(lane.fd);
                driver_.reply(lane.number, body.data(), body.size());
            }
        }
        Lane lane(connectTo(options_.address), number, options_.size);
        end(lane);
    }

    const Options options_;
    Driver driver_;
    Epoll epoll_;
    Reader reader_;
    std::deque<Lane> lanes_;  ///< addresses must not move
};

}  // namespace

void drive(const Options& options) {
    Client client(options);
    client.run();
}

}  // namespace bench::raw
