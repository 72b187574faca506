#pragma once

#include "support/tsan_quirks.hpp"

#include <tempeh/actors.hpp>

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace tempeh::actors_test {

using namespace std::chrono_literals;

/// More than any busy machine needs. Tests that pass do not wait for it.
inline constexpr auto patience = 60s;

/// Failures of actors are what these tests are about.
inline std::shared_ptr<spdlog::logger> silent() {
    return std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
}

inline actors::SystemOptions onThreads(std::size_t threads) {
    return {.threads = threads, .logger = silent()};
}

/// The errc of what `call` throws; Success if it does not.
template <typename Call>
actors::Errc errcOf(Call call) {
    try {
        call();
        return actors::Errc::Success;
    } catch (const actors::Error& error) {
        return error.errc();
    }
}
template <typename Call>
std::string textOf(Call call) {
    try {
        call();
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// Something one side waits for and the other lets happen.
class Gate {
public:
    void open() { promise_.set_value(); }
    void wait() { ASSERT_EQ(future_.wait_for(patience), std::future_status::ready); }

private:
    std::promise<void> promise_;
    std::shared_future<void> future_ = promise_.get_future().share();
};

/// A question that is answered when everything before it was handled.
struct Sync {
    using Reply = void;
};
template <typename Ref>
void sync(const Ref& ref) {
    ref.blocking().template ask<Sync>(patience);
}

inline void wait(const actors::Supervisor& supervisor) {
    supervisor.started(patience)(asio::use_future).get();
}

}  // namespace tempeh::actors_test
