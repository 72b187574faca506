#pragma once

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// What README.md shows, as functions that main.cpp runs.

namespace asio = boost::asio;
namespace flows = tempeh::flows;

asio::awaitable<void> echoServer(tempeh::Reactor& reactor, std::uint16_t port);
asio::awaitable<std::string> ask(tempeh::Reactor& reactor, std::uint16_t port, std::string text);
std::string askFromThread(tempeh::Ampe& engine, std::uint16_t port, const std::string& text);

asio::awaitable<void> streamLines(tempeh::Reactor& reactor, tempeh::ChannelGroup& group,
                                  tempeh::ChannelNumber channel, int count);
bool report(const flows::Peer& peer, std::string_view reading);
asio::awaitable<void> echoBursts(tempeh::ChannelGroup& group);
tempeh::ChannelNumber connectPatiently(tempeh::Ampe& engine, tempeh::BlockingChannelGroup channels,
                                       const tempeh::Address& server);
std::string describe(const tempeh::Message& message);

asio::awaitable<int> receiveUntil(tempeh::ChannelGroup& group, asio::steady_timer& stop);
asio::awaitable<void> receiveOrTick(flows::Peer peer, std::function<void()> onTick);
asio::awaitable<std::string> workAndReceive(tempeh::Reactor& reactor);
void runOnOwnContext(std::uint16_t port);
void goodbye(tempeh::Ampe& engine, tempeh::BlockingChannelGroup channels, tempeh::ChannelNumber channel);
void stop(tempeh::Reactor& reactor);
tempeh::Options smallEngine();
tempeh::Options publicListener();
