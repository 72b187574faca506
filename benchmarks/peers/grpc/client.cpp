#include "common.hpp"
#include "driver.hpp"
#include "due_timer.hpp"
#include "program.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <grpcpp/generic/generic_stub.h>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace bench::grpc_peer {
namespace {

class Lane;

enum class Operation { Start, Read, Write, Finish };

/// Its address is the tag of an operation.
struct Tagged {
    Lane* lane;
    Operation operation;
};

/// A channel of its own with one stream.
class Lane {
public:
    Lane(const Options& options, grpc::CompletionQueue& queue, std::uint32_t number) : number_(number) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own, not a shared one
        arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);            // saves a frame and a write per message
        stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
            targetOf(options.address), grpc::InsecureChannelCredentials(), arguments));
        io_ = stub_->PrepareCall(&context_, kMethod, &queue);
        io_->StartCall(&start_);
    }

    std::uint32_t number() const { return number_; }
    bool writing() const { return writing_; }
    const grpc::ByteBuffer& incoming() const { return incoming_; }

    void read() { io_->Read(&incoming_, &read_); }
    void write(grpc::ByteBuffer message, bool moreFollows) {
        writing_ = true;
        leaving_ = std::move(message);
        grpc::WriteOptions options;
        if (moreFollows) options.set_buffer_hint();
        io_->Write(leaving_, options, &write_);
    }
    void onWritten() { writing_ = false; }
    void finish() { io_->WritesDone(&write_); }
    void awaitStatus() { io_->Finish(&status_, &finish_); }

    std::uint32_t credits = 0;  ///< messages that may be sent now

private:
    std::uint32_t number_;
    std::unique_ptr<grpc::GenericStub> stub_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> io_;
    grpc::ByteBuffer incoming_;
    grpc::ByteBuffer leaving_;
    grpc::Status status_;
    bool writing_ = false;
    Tagged start_{this, Operation::Start};
    Tagged read_{this, Operation::Read};
    Tagged write_{this, Operation::Write};
    Tagged finish_{this, Operation::Finish};
};

class Client {
public:
    explicit Client(const Options& options) : options_(options), driver_(options) {}

    void run() {
        if (options_.workload == Workload::Setup) return setup();
        openAll();
        driver_.begin();
        if (options_.workload == Workload::Throughput) {
            stream(lanes_.front());
        } else if (options_.workload == Workload::Open) {
            open(lanes_.front());
        } else {
            exchange();
        }
        end(lanes_.front());
    }

private:
    Tagged& wait() {
        void* tag = nullptr;
        bool ok = false;
        if (!queue_.Next(&tag, &ok)) fail("the completion queue ended");
        auto& tagged = *static_cast<Tagged*>(tag);
        if (!ok) fail("a gRPC stream ended early");
        if (tagged.operation == Operation::Write) tagged.lane->onWritten();
        return tagged;
    }
    void waitFor(Operation operation) {
        while (wait().operation != operation) {
        }
    }

    template <typename Write>
    grpc::ByteBuffer message(Write&& write) const {
        return makeMessage(options_.size, write);
    }

    void openAll() {
        while (lanes_.size() < options_.connections) {
            const std::size_t first = lanes_.size();
            const std::size_t until = std::min<std::size_t>(first + kOpenBatch, options_.connections);
            for (std::size_t i = first; i < until; ++i) {
                lanes_.emplace_back(options_, queue_, static_cast<std::uint32_t>(i));
            }
            for (std::size_t probes = until - first; probes > 0;) {
                Tagged& done = wait();
                if (done.operation == Operation::Start) {
                    const std::uint32_t number = done.lane->number();
                    done.lane->write(message([&](std::byte* to) { driver_.probe(number, to); }), false);
                    done.lane->read();
                } else if (done.operation == Operation::Read) {
                    probeReply(*done.lane);
                    --probes;
                }
            }
        }
        for (const Lane& lane : lanes_) {
            while (lane.writing())
                wait();
        }
    }

    void probeReply(Lane& lane) {
        withBody(lane.incoming(),
                 [&](const std::byte* body, std::size_t n) { driver_.probeReply(lane.number(), body, n); });
    }

    void stream(Lane& lane) {
        while (driver_.mayStart()) {
            // A hint to gather this message with the next; the last one of the run flushes.
            lane.write(message([&](std::byte* to) { driver_.next(0, to); }), true);
            waitFor(Operation::Write);
        }
    }

    void writeNext(Lane& lane) {
        if (lane.writing() || lane.credits == 0 || !driver_.mayStart()) return;
        --lane.credits;
        lane.write(message([&](std::byte* to) { driver_.next(lane.number(), to); }), lane.credits > 0);
    }

    void exchange() {
        for (std::uint32_t i = 0; i < driver_.activeLanes(); ++i) {
            lanes_[i].credits = driver_.window();
            writeNext(lanes_[i]);
            lanes_[i].read();
        }
        while (!driver_.finished()) {
            Tagged& done = wait();
            Lane& lane = *done.lane;
            if (done.operation == Operation::Read) {
                withBody(lane.incoming(), [&](const std::byte* body, std::size_t n) {
                    driver_.reply(lane.number(), body, n);
                });
                ++lane.credits;
                writeNext(lane);
                lane.read();  // after the write, so that the window update travels with it
            } else {
                writeNext(lane);
            }
        }
        reading_ = true;
    }

    /// A thread starts what is due; while a write is under way, its end starts the next.
    void open(Lane& lane) {
        std::thread pace([&] {
            for (std::uint64_t n = 0; n < options_.count; ++n) {
                sleepUntil(driver_.dueAt(n));
                const std::lock_guard lock(mutex_);
                writeDue(lane);
            }
        });
        lane.read();
        for (bool isDone = false; !isDone;) {
            void* tag = nullptr;
            bool ok = false;
            if (!queue_.Next(&tag, &ok) || !ok) fail("a gRPC stream ended early");
            const std::lock_guard lock(mutex_);
            if (static_cast<Tagged*>(tag)->operation == Operation::Write) {
                lane.onWritten();
                writeDue(lane);
            } else {
                withBody(lane.incoming(),
                         [&](const std::byte* body, std::size_t n) { driver_.reply(0, body, n); });
                lane.read();
            }
            isDone = driver_.finished();
        }
        pace.join();
        reading_ = true;
    }

    void writeDue(Lane& lane) {
        if (lane.writing() || !driver_.isDue()) return;
        grpc::ByteBuffer next = message([&](std::byte* to) { driver_.next(0, to); });
        lane.write(std::move(next), driver_.isDue());
    }

    void end(Lane& lane) {
        while (lane.writing())
            wait();
        lane.write(message([&](std::byte* to) { driver_.last(to); }), false);
        if (!reading_) lane.read();
        for (bool written = false, answered = false; !written || !answered;) {
            const Operation operation = wait().operation;
            written = written || operation == Operation::Write;
            answered = answered || operation == Operation::Read;
        }
        withBody(lane.incoming(), [&](const std::byte* body, std::size_t n) { driver_.finish(body, n); });
    }

    /// One channel after the other: connect, open a stream, one round trip, close.
    void setup() {
        driver_.begin();
        std::uint32_t number = 0;
        for (; driver_.mayStart(); ++number) {
            driver_.connecting();
            Lane lane(options_, queue_, number);
            waitFor(Operation::Start);
            lane.write(message([&](std::byte* to) { driver_.next(number, to); }), false);
            lane.read();
            for (int left = 2; left > 0; --left)
                wait();
            withBody(lane.incoming(),
                     [&](const std::byte* body, std::size_t n) { driver_.reply(number, body, n); });
            lane.finish();
            lane.awaitStatus();
            for (int left = 2; left > 0; --left)
                wait();
        }
        Lane lane(options_, queue_, number);
        waitFor(Operation::Start);
        end(lane);
        exitNow();
    }

public:
    /// The streams still have operations outstanding; the results are out.
    [[noreturn]] static void exitNow() {
        std::fflush(stdout);
        std::_Exit(0);
    }

private:
    const Options options_;
    Driver driver_;
    grpc::CompletionQueue queue_;
    std::deque<Lane> lanes_;
    std::mutex mutex_;      ///< open: of the driver and the lane's writes
    bool reading_ = false;  ///< a read is outstanding already
};

}  // namespace

void drive(const Options& options) {
    Client client(options);
    client.run();
    Client::exitNow();
}

}  // namespace bench::grpc_peer
