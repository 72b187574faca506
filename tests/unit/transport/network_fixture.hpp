#pragma once

#include "transport/transport.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::transport {

/// What became of one asynchronous call.
struct Attempt {
    std::unique_ptr<Stream> stream;
    error_code ec;
    std::size_t size = 0;  // bytes received
    bool isDone = false;
};
using AttemptPtr = std::shared_ptr<Attempt>;

inline asio::awaitable<void> connectInto(Connector& connector, Address address, AttemptPtr attempt) {
    attempt->stream = co_await connector.connect(std::move(address), attempt->ec);
    attempt->isDone = true;
}
inline asio::awaitable<void> acceptInto(Listener& listener, AttemptPtr attempt) {
    attempt->stream = co_await listener.accept(attempt->ec);
    attempt->isDone = true;
}
inline asio::awaitable<void> openInto(Listener& listener, Address address, AttemptPtr attempt) {
    co_await listener.open(std::move(address), attempt->ec);
    attempt->isDone = true;
}
inline asio::awaitable<void> readableInto(Stream& stream, AttemptPtr attempt) {
    co_await stream.waitReadable(attempt->ec);
    attempt->isDone = true;
}
inline asio::awaitable<void> receiveInto(Stream& stream, std::span<std::byte> into, AttemptPtr attempt) {
    AwaitedOperation receive;
    auto outcome = receive.wait(stream, into);
    co_await std::move(outcome);
    attempt->ec = receive.ec;
    attempt->size = receive.size;
    attempt->isDone = true;
}
inline asio::awaitable<void> writableInto(Stream& stream, AttemptPtr attempt) {
    co_await stream.waitWritable(attempt->ec);
    attempt->isDone = true;
}

inline std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// A connected pair.
struct Pair {
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
};

/// An io_context that is run by hand, and the network on it.
class NetworkTest : public ::testing::Test {
protected:
    AttemptPtr spawn(asio::awaitable<void> call, AttemptPtr attempt) {
        asio::co_spawn(context_, std::move(call), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        return attempt;
    }
    AttemptPtr startConnect(Connector& connector, const Address& address) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(connectInto(connector, address, attempt), attempt);
    }
    AttemptPtr startAccept(Listener& listener) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(acceptInto(listener, attempt), attempt);
    }
    AttemptPtr startOpen(Listener& listener, const Address& address) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(openInto(listener, address, attempt), attempt);
    }
    AttemptPtr startWaitReadable(Stream& stream) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(readableInto(stream, attempt), attempt);
    }
    AttemptPtr startReceive(Stream& stream, std::span<std::byte> into) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(receiveInto(stream, into, attempt), attempt);
    }
    AttemptPtr startWaitWritable(Stream& stream) {
        const auto attempt = std::make_shared<Attempt>();
        return spawn(writableInto(stream, attempt), attempt);
    }

    /// Runs what is ready now.
    void runReady() {
        context_.restart();
        context_.poll();
    }
    /// Runs until the call is done; the limit only keeps a broken test from hanging.
    void finish(const AttemptPtr& attempt) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        context_.restart();
        while (!attempt->isDone && context_.run_one_until(limit) > 0)
            continue;
        ASSERT_TRUE(attempt->isDone);
    }

    error_code open(Listener& listener, const Address& address) {
        const AttemptPtr opening = startOpen(listener, address);
        finish(opening);
        return opening->ec;
    }
    /// A listener that must open.
    std::unique_ptr<Listener> listenOn(const Address& address) {
        std::unique_ptr<Listener> listener = network_->makeListener(wire::schemeOf(address));
        const error_code ec = open(*listener, address);
        EXPECT_FALSE(ec) << ec.message();
        return listener;
    }
    AttemptPtr connectTo(const Address& address) {
        const std::unique_ptr<Connector> connector = network_->makeConnector(wire::schemeOf(address));
        const AttemptPtr connecting = startConnect(*connector, address);
        finish(connecting);
        return connecting;
    }
    /// A connection to the listener, both ends.
    Pair connectPair(Listener& listener, const Address& address) {
        const AttemptPtr accepting = startAccept(listener);
        const AttemptPtr connecting = connectTo(address);
        finish(accepting);
        EXPECT_FALSE(connecting->ec) << connecting->ec.message();
        EXPECT_FALSE(accepting->ec) << accepting->ec.message();
        return {std::move(connecting->stream), std::move(accepting->stream)};
    }
    Pair connectPair(const Address& address) {
        const std::unique_ptr<Listener> listener = listenOn(address);
        return connectPair(*listener, clientAddressOf(*listener));
    }
    /// How to connect to the listener from this machine.
    static Address clientAddressOf(const Listener& listener) {
        return wire::clientAddressOf(listener.boundAddress());
    }
    static std::uint16_t portOf(const Listener& listener) {
        return std::get<TcpServerAddress>(listener.boundAddress()).port;
    }

    error_code writeAll(Stream& stream, std::string_view text) {
        while (!text.empty()) {
            const std::span<const std::byte> bytes = bytesOf(text);
            error_code ec;
            const std::size_t count = stream.writeSome({&bytes, 1}, ec);
            text.remove_prefix(count);
            if (ec == asio::error::would_block) {
                finish(startWaitWritable(stream));
            } else if (ec) {
                return ec;
            }
        }
        return {};
    }
    /// What comes until `size` bytes or an error are there.
    std::string readText(Stream& stream, std::size_t size, error_code& ec) {
        std::string text(size, '\0');
        std::size_t have = 0;
        ec.clear();
        while (have < size) {
            have += stream.readSome(std::as_writable_bytes(std::span(text)).subspan(have), ec);
            if (ec == asio::error::would_block) {
                finish(startWaitReadable(stream));
            } else if (ec) {
                break;
            }
        }
        text.resize(have);
        return text;
    }
    std::string readText(Stream& stream, std::size_t size) {
        error_code ec;
        const std::string text = readText(stream, size, ec);
        EXPECT_FALSE(ec) << ec.message();
        return text;
    }

    asio::io_context context_{1};
    std::unique_ptr<Network> network_ = makeSystemNetwork(context_.get_executor(), {});
};

inline bool hasIpv6() {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context);
    error_code ec;
    acceptor.open(asio::ip::tcp::v6(), ec);
    if (!ec) acceptor.bind({asio::ip::address_v6::loopback(), 0}, ec);
    return !ec;
}

}  // namespace tempeh::transport
