// Shows: a coroutine takes requests in, a pool of threads that may block does the work and answers.
// Use it when: an answer takes computing, a database, a file: anything that must not hold up the sockets.
// Prints: that all jobs came back right, and how many threads there were to do them.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

struct Job {
    flows::BlockingPeer client;  // threads answer with this one
    MessagePtr request;
};

class Workers {
public:
    explicit Workers(int count) {
        for (int i = 0; i < count; ++i)
            threads_.emplace_back([this](std::stop_token stop) { run(std::move(stop)); });
    }
    void add(Job job) {
        const std::scoped_lock lock(mutex_);
        jobs_.push_back(std::move(job));
        hasJob_.notify_one();
    }

private:
    void run(std::stop_token stop) {
        std::unique_lock lock(mutex_);
        while (hasJob_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            work(std::move(job));
            lock.lock();
        }
    }

    static void work(Job job) {
        std::this_thread::sleep_for(1ms);  // the database
        const std::string result(job.request->body.view().rbegin(), job.request->body.view().rend());
        try {
            job.client.respond(std::move(job.request), result);  // in any order: ids find their way
        } catch (const tempeh::Error& error) {
            fmt::print("a client left before its answer: {}\n", error.what());
        }
    }

    std::mutex mutex_;
    std::condition_variable_any hasJob_;
    std::deque<Job> jobs_;
    std::vector<std::jthread> threads_;  // the first to go: asked to stop, then joined
};

asio::awaitable<void> takeIn(flows::Peer client, Workers* workers) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        // Needs no limit of its own: a request that waits is a message out of the engine's pool, and when
        // that is empty (Options::maxPoolMessages) clients are made to wait.
        workers->add({flows::BlockingPeer(client), std::move(request)});
    }
}

asio::awaitable<bool> ask(flows::Peer server, int number) {
    const MessagePtr answer =
        co_await server.request(server.newMessage(OpCode::Request, fmt::format("{}-a", number)), 30s);
    const std::string text = std::to_string(number);
    co_return answer && answer->body.view() == "a-" + std::string(text.rbegin(), text.rend());
}

int main() {
    tempeh::Reactor engine;
    Workers workers(4);
    flows::Server server(engine, {tempeh::UdsServerAddress{}});
    const flows::Handler handler = [&workers](flows::Peer client) {
        return takeIn(std::move(client), &workers);
    };
    asio::co_spawn(engine.executor(), server.serve(handler), asio::detached);

    const flows::Peer peer = flows::connectBlocking(engine, server.addresses().front()).peer();
    std::vector<std::future<bool>> answers;
    for (int number = 0; number < 100; ++number)
        answers.push_back(asio::co_spawn(engine.executor(), ask(peer, number), asio::use_future));
    int right = 0;
    for (std::future<bool>& answer : answers)
        right += answer.get() ? 1 : 0;
    fmt::print("{} of 100 jobs done right by 4 threads\n", right);

    // No more jobs, then no more workers, then no more engine.
    asio::co_spawn(engine.executor(), server.stop(5s), asio::use_future).get();
}
