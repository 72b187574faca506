// What a competent user writes without a library: a mutex, a condition variable, a bounded queue that the
// receiver empties in one go. The row that the handovers inside one process are read against.
#include "handover.hpp"
#include "program.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

namespace bench::mailbox {
namespace {

struct Message {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
};

class Mailbox {
public:
    void push(Message message) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return queue_.size() < kCapacity; });
        queue_.push_back(std::move(message));
        if (queue_.size() > 1) return;
        lock.unlock();
        arrived_.notify_one();
    }

    /// One consumer.
    Message pop() {
        if (taken_.empty()) takeAll();
        Message message = std::move(taken_.front());
        taken_.pop_front();
        return message;
    }

private:
    static constexpr std::size_t kCapacity = 1024;

    void takeAll() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !queue_.empty(); });
        std::swap(taken_, queue_);
        if (taken_.size() < kCapacity) return;
        lock.unlock();
        room_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::condition_variable room_;
    std::deque<Message> queue_;  // under mutex_
    std::deque<Message> taken_;  // the consumer's
};

class Endpoint {
public:
    Endpoint(Mailbox& in, Mailbox& out) : in_(in), out_(out) {}

    template <typename Write>
    void send(std::size_t size, Write&& write) {
        Message message{std::make_unique_for_overwrite<std::byte[]>(size), size};
        write(message.bytes.get());
        out_.push(std::move(message));
    }
    std::span<std::byte> receive() {
        received_ = in_.pop();
        return {received_.bytes.get(), received_.size};
    }
    void echo() { out_.push(std::move(received_)); }

private:
    Mailbox& in_;
    Mailbox& out_;
    Message received_;
};

void handOver(const Options& options) {
    Mailbox there;
    Mailbox back;
    Endpoint asking(back, there);
    Endpoint answering(there, back);
    handOverBetweenThreads(options, asking, answering);
}

}  // namespace
}  // namespace bench::mailbox

int main(int argc, char** argv) {
    return bench::runProgram("mailbox", argc, argv, bench::noSuchRole, bench::noSuchRole,
                             bench::mailbox::handOver);
}
