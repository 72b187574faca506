#include "screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace demo {

namespace {

constexpr int tableWidth = 80;

bool isWideTerminal() {
    winsize size{};
    return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
           size.ws_col >= tableWidth;
}

bool usesUtf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale = value;
        return locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos;
    }
    return false;
}

std::string shortly(double number) {
    return number < 100 ? fmt::format("{:.1f}", number) : fmt::format("{:.0f}", number);
}

double perMessage(std::uint64_t count, const tempeh::EngineStats& stats) {
    const auto messages = static_cast<double>(stats.sent.messages + stats.received.messages);
    return messages > 0 ? static_cast<double>(count) / messages : 0;
}

double megabytes(std::uint64_t bytes) {
    return static_cast<double>(bytes) / 1e6;
}

}  // namespace

Screen::Screen() : isLive_(isWideTerminal()), isUtf8_(usesUtf8()) {}

void Screen::show(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats) {
    if (isLive_) draw(clients, stats);
}

void Screen::showLast(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats) {
    draw(clients, stats);
}

void Screen::draw(const std::vector<ClientRecord>& clients, const tempeh::EngineStats& stats) {
    std::vector<std::string> lines{
        fmt::format("{:6} {:4} {:19.19} {:9} {:>9} {:>5} {:>5} {:>5} {}", "client", "over", "peer", "style",
                    "answers", "MB", "p50us", "p99us", "8us....2ms"),
    };
    for (const ClientRecord& client : clients)
        lines.push_back(row(client));
    lines.push_back(
        fmt::format("server: {:.2f} system calls per message, {} pool messages in use, {} channels",
                    perMessage(stats.reads + stats.writes, stats), stats.pool.outstanding, stats.channels));

    std::string text;
    if (isLive_ && linesDrawn_ != 0)
        text = fmt::format("\x1b[{}A", linesDrawn_);  // up to where the table begins
    for (const std::string& line : lines)
        text += line + (isLive_ ? "\x1b[K\n" : "\n");  // and clear what is left of the old line
    linesDrawn_ = lines.size();
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

std::string Screen::row(const ClientRecord& client) const {
    return fmt::format("{:6} {:4} {:19.19} {:9} {:>9} {:>5} {:>5} {:>5} {}", client.name, client.transport,
                       client.peer, client.style, grouped(client.answered), shortly(megabytes(client.bytes)),
                       shortly(client.report.p50), shortly(client.report.p99), bar(client.report.bar));
}

/// One character for each class of round-trip times. Square roots, so that rare slow ones can be seen too.
std::string Screen::bar(const Latency::Bar& counts) const {
    static constexpr std::array<std::string_view, 9> blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static constexpr std::array<std::string_view, 9> ascii{" ", ".", ":", "-", "=", "+", "*", "%", "#"};
    const auto most = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
    std::string text;
    for (const std::uint64_t count : counts) {
        const double height = most > 0 ? std::sqrt(static_cast<double>(count) / most) : 0;
        const auto level = static_cast<std::size_t>(std::ceil(height * 8));
        text += isUtf8_ ? blocks[level] : ascii[level];
    }
    return text;
}

std::string grouped(std::uint64_t number) {
    std::string text = fmt::format("{}", number);
    for (std::size_t place = text.size(); place > 3; place -= 3)
        text.insert(place - 3, ",");
    return text;
}

void summarise(const tempeh::EngineStats& stats, std::chrono::duration<double> time) {
    const std::uint64_t messages = stats.sent.messages + stats.received.messages;
    const std::uint64_t taken = stats.pool.hits + stats.pool.allocations;
    fmt::print("The server's engine counted:\n");
    fmt::print("  messages      {} in, {} out, {:.1f} MB: {} per second\n", grouped(stats.received.messages),
               grouped(stats.sent.messages), megabytes(stats.received.bytes + stats.sent.bytes),
               grouped(static_cast<std::uint64_t>(static_cast<double>(messages) / time.count())));
    fmt::print("  system calls  {:.2f} per message ({} reads, {} writes)\n",
               perMessage(stats.reads + stats.writes, stats), grouped(stats.reads), grouped(stats.writes));
    fmt::print("  wakes         {} of the receiver, {} of the reactor from other threads\n",
               grouped(stats.receiverWakes), grouped(stats.reactorWakes));
    fmt::print("  pool          {} messages taken, {} allocated, at most {} in use at once\n", grouped(taken),
               grouped(stats.pool.allocations), grouped(stats.pool.highWater));
    fmt::print("  lost          {} messages returned unsent, {} peers broke the protocol\n",
               grouped(stats.returned.total()), grouped(stats.violations));
}

}  // namespace demo
