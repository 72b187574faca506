#pragma once

#include "support/engine_fixture.hpp"

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What tests of flows share: coroutines run from the test's thread, and a server with a client.
namespace tempeh::test {

/// The code of the system_error that the operation throws; success when it throws none.
template <typename T>
asio::awaitable<error_code> codeOf(asio::awaitable<T> operation) {
    try {
        co_await std::move(operation);
    } catch (const boost::system::system_error& error) {
        co_return error.code();
    }
    co_return error_code();
}

/// A coroutine under way; what it throws fails the test. (No exception travels between threads.)
class Running {
public:
    Running(const asio::any_io_executor& executor, asio::awaitable<void> body) {
        asio::co_spawn(executor, guarded(std::move(body), outcome_), asio::detached);
    }
    Running(Running&&) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (outcome_ != nullptr) join();
    }

    /// Waits for its end.
    void join() {
        const auto outcome = std::exchange(outcome_, nullptr);
        const auto state = outcome->done.get_future().wait_for(patience);
        EXPECT_EQ(state, std::future_status::ready) << "a coroutine did not end";
        if (state != std::future_status::ready) return;
        EXPECT_EQ(outcome->failure, "");
    }

private:
    struct Outcome {
        std::promise<void> done;
        std::string failure;
    };

    static asio::awaitable<void> guarded(asio::awaitable<void> body, std::shared_ptr<Outcome> outcome) {
        try {
            co_await std::move(body);
        } catch (const std::exception& error) {
            outcome->failure = error.what();
        }
        outcome->done.set_value();
    }

    std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
};

inline void run(const asio::any_io_executor& executor, asio::awaitable<void> body) {
    Running(executor, std::move(body)).join();
}

/// Something that happens once and is awaited, in coroutines of one executor. May be destroyed before what
/// set() posted has run.
class Event {
public:
    explicit Event(const asio::any_io_executor& executor) : state_(std::make_shared<State>(executor)) {}
    void set() {
        asio::post(state_->timer.get_executor(), [state = state_] {
            state->isSet = true;
            state->timer.cancel();
        });
    }
    asio::awaitable<void> wait() { return wait(state_); }

private:
    struct State {
        explicit State(const asio::any_io_executor& executor) : timer(executor, TimePoint::max()) {}
        asio::steady_timer timer;
        bool isSet = false;
    };

    static asio::awaitable<void> wait(std::shared_ptr<State> state) {
        error_code ec;
        while (!state->isSet)
            co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    const std::shared_ptr<State> state_;
};

inline asio::awaitable<void> echo(flows::Peer peer) {
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode == OpCode::Request)
            co_await peer.respond(std::move(message));
        else if (message->header.opCode == OpCode::Signal)
            co_await peer.send(std::move(message));
    }
}

/// The other side runs echo().
inline asio::awaitable<void> expectEcho(flows::Peer peer) {
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "hi"), patience);
    EXPECT_EQ(answer->body.view(), "hi");
}

/// A server and a client, each on an engine of its own.
class FlowsPair {
public:
    explicit FlowsPair(flows::Handler handler, Address where = localTcp(), flows::ServerOptions options = {},
                       const Options& serverEngine = Options(), const Options& clientEngine = Options())
        : serverReactor(serverEngine)
        , clientReactor(clientEngine)
        , server(std::in_place, serverReactor, std::vector<Address>{std::move(where)}, std::move(options))
        , address(server->addresses().front())
        , serving(serverReactor.executor(), server->serve(std::move(handler))) {}
    ~FlowsPair() { server.reset(); }

    flows::Peer connect() {
        flows::Peer peer;
        run(clientReactor.executor(), connectInto(&peer));
        return peer;
    }
    void onClient(asio::awaitable<void> body) { run(clientReactor.executor(), std::move(body)); }

    Reactor serverReactor;
    Reactor clientReactor;
    std::optional<flows::Server> server;
    Address address;
    Running serving;

private:
    asio::awaitable<void> connectInto(flows::Peer* peer) {
        *peer = co_await flows::connect(clientReactor, address);
    }
};

}  // namespace tempeh::test
