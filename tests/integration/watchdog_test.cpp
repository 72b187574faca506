// Options::stallWarning: who holds the reactor's thread is named in the log.

#include "support/engine_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ringbuffer_sink.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace tempeh::test {
namespace {

class WatchdogTest : public testing::Test {
protected:
    Options watched() const {
        Options options;
        options.logger = logger_;
        options.stallWarning = 2ms;
        return options;
    }
    /// Lines that name this.
    std::ptrdiff_t warnings(const std::string& part) const {
        const std::vector<std::string> lines = sink_->last_formatted();
        return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find("the reactor thread has been blocked for ") != std::string::npos &&
                   line.find(part) != std::string::npos;
        });
    }
    /// Holds the thread it runs on until that is found.
    void holdUntilNamed(const std::string& part) const {
        EXPECT_TRUE(eventually([&] { return warnings(part) != 0; })) << part;
    }

private:
    std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
        std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1'000);
    std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>("test", sink_);
};

TEST_F(WatchdogTest, NamesAHandlerOnTheExecutor) {
    Reactor reactor(watched());
    std::promise<void> done;
    asio::post(reactor.executor(), [&] {
        holdUntilNamed("by a handler on its executor");
        done.set_value();
    });
    done.get_future().wait();
}

TEST_F(WatchdogTest, NamesTheReceiverAndThePeer) {
    Side side(watched());
    Side peer;
    const Listening listening = side->listen(localTcp());
    std::promise<void> done;
    const auto receive = [this, &done](ChannelGroup group, std::string text) -> asio::awaitable<void> {
        MessagePtr hello = co_await group.waitReceive(patience);
        holdUntilNamed(text + std::to_string(hello->header.channelNumber) + " (tcp|127.0.0.1|");
        done.set_value();
    };
    asio::co_spawn(side.reactor.executor(),
                   receive(std::move(side->group), "by the receiver of a message from channel "),
                   asio::detached);
    peer->sayHello(listening.address);
    done.get_future().wait();
}

TEST_F(WatchdogTest, NamesAContextThatNobodyRuns) {
    asio::io_context context;
    const Reactor reactor(context, watched());
    holdUntilNamed("no thread runs the context");
}

}  // namespace
}  // namespace tempeh::test
