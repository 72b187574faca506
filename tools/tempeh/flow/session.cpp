#include "flow/session.hpp"

#include "cli/exit_code.hpp"
#include "cli/output_writer.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace tool {

Session::Session(const tempeh::Options& options)
    : engine_(options), signals_(engine_.executor(), SIGINT, SIGTERM) {
    OutputWriter::instance().onFailure([this] { asio::post(executor(), [this] { stop(); }); });
}

Session::~Session() {
    OutputWriter::instance().onFailure(nullptr);
    asio::post(executor(), asio::use_future([this] { signals_.cancel(); })).wait();
    if (isInterrupted()) engine_.shutdown(moment);  // what the other side does not take in time is lost
}

tempeh::Options Session::defaultOptions() {
    return {.byeTimeout = std::chrono::seconds(1), .lingerTimeout = 2 * moment};
}

int Session::run(asio::awaitable<int> work) {
    auto token = asio::bind_cancellation_slot(cancel_.slot(), asio::use_future);
    auto result = asio::co_spawn(executor(), std::move(work), token);
    awaitSignal();  // only now: the slot is connected
    try {
        return result.get();
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) throw;
        OutputWriter::instance().finish();  // throws when it was the output's failure
        if (isInterrupted()) throw Failure(exitInterrupted, "interrupted");
        throw;
    }
}

void Session::stop() {
    if (stop_)
        stop_();
    else
        cancel_.emit(asio::cancellation_type::terminal);
}

void Session::awaitSignal() {
    signals_.async_wait([this](const tempeh::error_code& ec, int) {
        if (ec) return;
        if (isInterrupted_.exchange(true)) std::_Exit(exitInterrupted);
        OutputWriter::instance().interrupt();
        stop();
        awaitSignal();
    });
}

}  // namespace tool
