#include "flow/target.hpp"

#include "cli/exit_code.hpp"
#include "text/address.hpp"
#include "text/message_text.hpp"

#include <tempeh/flows/connect.hpp>

#include <boost/asio/error.hpp>

namespace tool {

namespace flows = tempeh::flows;

void describeTargetOptions(Command& command, Target& target) {
    command.option("--hello-header", target.helloHeaders, "NAME:VALUE",
                   "Text header of the hello that opens the channel; repeatable");
    command.option("--connect-timeout", target.connectTimeout,
                   "Time for connecting and the answer to the hello");
    describeTlsOfClient(command, target.tls);
}

void describeTarget(Command& command, Target& target) {
    command.argument("ADDRESS", target.address, "The server: HOST:PORT, tls:HOST:PORT, unix:PATH, or a path");
    describeTargetOptions(command, target);
}

tempeh::asio::awaitable<flows::Peer> connectTo(tempeh::Ampe& engine, const Target& target) {
    const tempeh::Address address = clientAddress(target.address);
    tempeh::Message hello;
    addHeaders(target.helloHeaders, hello.textHeaders);
    const std::vector<tempeh::TextHeader> headers(hello.textHeaders.begin(), hello.textHeaders.end());
    const flows::ConnectOptions options{.timeout = target.connectTimeout, .headers = headers};
    try {
        flows::Peer peer = co_await flows::connect(engine, address, options);
        co_return peer;
    } catch (const flows::Refused& refused) {
        throw Failure(exitNegative, refused.what());
    } catch (const tempeh::Error& error) {
        if (error.code() == boost::asio::error::operation_aborted) throw;
        throw Failure(exitUnreachable, error.what());
    }
}

}  // namespace tool
