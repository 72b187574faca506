#include "common.hpp"
#include "driver.hpp"
#include "due_timer.hpp"
#include "program.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bench::nng_peer {
namespace {

/// A socket connected to the server; with `asynchronous`, it runs a ping-pong on nng's threads.
class Lane {
public:
    Lane(const Options& options, std::uint32_t number) : number_(number) {
        check(isShared(options) ? nng_req0_open(&socket_) : nng_pair0_open(&socket_), "open");
        setDepth(socket_);
        check(nng_dial(socket_, urlOf(options.address).c_str(), nullptr, 0), "dial");
    }
    ~Lane() {
        nng_close(socket_);
        if (aio_ != nullptr) nng_aio_free(aio_);
    }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    std::uint32_t number() const { return number_; }

    template <typename Write>
    void send(std::size_t size, Write&& write) {
        nng_msg* message = newMessage(size);
        write(bodyOf(message));
        send(message);
    }
    void send(nng_msg* message) { check(nng_sendmsg(socket_, message, 0), "sendmsg"); }

    template <typename OnBody>
    void receive(OnBody&& onBody) {
        nng_msg* message = nullptr;
        check(nng_recvmsg(socket_, &message, 0), "recvmsg");
        onBody(bodyOf(message), nng_msg_len(message));
        nng_msg_free(message);
    }

    /// `next(lane, message or null)`: takes a reply, returns the next message or null at the end.
    using Next = nng_msg* (*)(void* context, std::uint32_t lane, nng_msg* reply);
    void start(Next next, void* context) {
        next_ = next;
        context_ = context;
        if (aio_ == nullptr)
            check(nng_aio_alloc(
                      &aio_, [](void* lane) { static_cast<Lane*>(lane)->step(); }, this),
                  "aio");
        sendAsync(next_(context_, number_, nullptr));
    }

    static nng_msg* newMessage(std::size_t size) {
        nng_msg* message = nullptr;
        check(nng_msg_alloc(&message, size), "msg_alloc");
        return message;
    }

private:
    void step() {
        if (nng_aio_result(aio_) == NNG_ECLOSED) return;
        if (nng_aio_result(aio_) != 0) fail(nng_strerror(nng_aio_result(aio_)));
        if (sending_) {
            sending_ = false;
            nng_recv_aio(socket_, aio_);
            return;
        }
        sendAsync(next_(context_, number_, nng_aio_get_msg(aio_)));
    }
    void sendAsync(nng_msg* message) {
        if (message == nullptr) return;
        sending_ = true;
        nng_aio_set_msg(aio_, message);
        nng_send_aio(socket_, aio_);
    }

    nng_socket socket_{};
    std::uint32_t number_;
    nng_aio* aio_ = nullptr;
    Next next_ = nullptr;
    void* context_ = nullptr;
    bool sending_ = false;
};

class Client {
public:
    explicit Client(const Options& options) : options_(options), driver_(options) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        switch (options_.workload) {
            case Workload::Throughput:
                while (driver_.mayStart())
                    sendNext(lanes_.front());
                break;
            case Workload::FanIn:
                fanIn();
                break;
            case Workload::Open:
                open(lanes_.front());
                break;
            default:
                exchange(lanes_.front());
                break;
        }
        end(lanes_.front());
    }

private:
    void openAll() {
        while (lanes_.size() < options_.connections) {
            const std::size_t first = lanes_.size();
            const std::size_t until = std::min<std::size_t>(first + kOpenBatch, options_.connections);
            for (std::size_t i = first; i < until; ++i) {
                Lane& lane = lanes_.emplace_back(options_, static_cast<std::uint32_t>(i));
                lane.send(options_.size, [&](std::byte* to) { driver_.probe(lane.number(), to); });
            }
            for (std::size_t i = first; i < until; ++i) {
                lanes_[i].receive([&](const std::byte* body, std::size_t n) {
                    driver_.probeReply(lanes_[i].number(), body, n);
                });
            }
        }
    }

    void sendNext(Lane& lane) {
        lane.send(options_.size, [&](std::byte* to) { driver_.next(lane.number(), to); });
    }

    void exchange(Lane& lane) {
        for (std::uint32_t i = 0; i < driver_.window() && driver_.mayStart(); ++i)
            sendNext(lane);
        while (!driver_.finished()) {
            bool more = false;
            lane.receive(
                [&](const std::byte* body, std::size_t n) { more = driver_.reply(lane.number(), body, n); });
            if (more) sendNext(lane);
        }
    }

    /// A thread sends what is due. Not under the lock: a full queue must not keep answers from being taken.
    void open(Lane& lane) {
        std::thread sender([&] {
            for (std::uint64_t n = 0; n < options_.count; ++n) {
                sleepUntil(driver_.dueAt(n));
                nng_msg* const message = Lane::newMessage(options_.size);
                {
                    const std::lock_guard lock(mutex_);
                    driver_.next(lane.number(), bodyOf(message));
                }
                lane.send(message);
            }
        });
        for (bool isDone = false; !isDone;) {
            lane.receive([&](const std::byte* body, std::size_t n) {
                const std::lock_guard lock(mutex_);
                driver_.reply(lane.number(), body, n);
                isDone = driver_.finished();
            });
        }
        sender.join();
    }

    /// nng calls back on its own threads, so the driver is used under a lock.
    void fanIn() {
        for (Lane& lane : lanes_) {
            lane.start([](void* self, std::uint32_t number,
                          nng_msg* reply) { return static_cast<Client*>(self)->fanInStep(number, reply); },
                       this);
        }
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [this] { return driver_.finished(); });
    }

    nng_msg* fanInStep(std::uint32_t number, nng_msg* reply) {
        const std::lock_guard lock(mutex_);
        bool more = reply != nullptr || driver_.mayStart();
        if (reply != nullptr) {
            more = driver_.reply(number, bodyOf(reply), nng_msg_len(reply));
            nng_msg_free(reply);
        }
        if (driver_.finished()) ended_.notify_one();
        if (!more) return nullptr;
        nng_msg* message = Lane::newMessage(options_.size);
        driver_.next(number, bodyOf(message));
        return message;
    }

    void end(Lane& lane) {
        lane.send(options_.size, [&](std::byte* to) { driver_.last(to); });
        lane.receive([&](const std::byte* body, std::size_t n) { driver_.finish(body, n); });
    }

    void setup() {
        driver_.begin();
        std::uint32_t number = 0;
        for (; driver_.mayStart(); ++number) {
            driver_.connecting();
            Lane lane(options_, number);
            sendNext(lane);
            lane.receive([&](const std::byte* body, std::size_t n) { driver_.reply(number, body, n); });
        }
        Lane lane(options_, number);
        end(lane);
    }

    const Options options_;
    Driver driver_;
    std::deque<Lane> lanes_;
    std::mutex mutex_;
    std::condition_variable ended_;
};

}  // namespace

void drive(const Options& options) {
    Client client(options);
    client.run();
    std::fflush(stdout);
    std::_Exit(0);  // closing a thousand nng sockets in turn takes longer than the run
}

}  // namespace bench::nng_peer
