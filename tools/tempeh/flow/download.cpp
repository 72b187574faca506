#include "flow/download.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "text/printable.hpp"

#include <boost/asio/co_spawn.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <unistd.h>
#include <utility>

namespace tool {

namespace {

constexpr std::size_t mostKept = 16 * 1024 * 1024;  // bytes of an answer that becomes one line of JSON

}  // namespace

Download::Download(const std::string& file, To to) : isKept_(file.empty() && to == To::Memory) {
    if (!file.empty()) {
        descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (descriptor_ < 0) throw Failure(exitUsage, "cannot write " + file + ": " + std::strerror(errno));
        ownsDescriptor_ = true;
    } else if (to == To::Output) {
        descriptor_ = STDOUT_FILENO;
    }
}

Download::~Download() {
    thread_.join();
    if (ownsDescriptor_) ::close(descriptor_);
}

asio::awaitable<void> Download::take(tempeh::flows::StreamReader reader) {
    auto taken = asio::co_spawn(thread_, takeAll(std::move(reader)), asio::use_awaitable);
    co_await std::move(taken);
}

asio::awaitable<void> Download::takeAll(tempeh::flows::StreamReader reader) {
    for (;;) {
        const tempeh::MessagePtr part = co_await reader.next();
        if (part == nullptr) co_return;
        takePart(*part);
    }
}

void Download::write(std::string_view bytes) const {
    if (ownsDescriptor_) return writeAll(descriptor_, std::as_bytes(std::span(bytes.data(), bytes.size())));
    OutputWriter& output = OutputWriter::instance();
    output.add(descriptor_, isTerminal(descriptor_) ? printableText(bytes) : std::string(bytes));
    output.waitForRoom();
}

void Download::takePart(const tempeh::Message& part) {
    if (parts_++ == 0) {
        firstPartAt_ = std::chrono::steady_clock::now();
        for (const tempeh::TextHeader& header : part.textHeaders)
            answer_.textHeaders.append(header.name, header.value);
    }
    answer_.header = part.header;
    bytes_ += part.body.size();
    if (!part.body.empty()) endsInLine_ = part.body.view().back() == '\n';
    if (descriptor_ >= 0) write(part.body.view());
    if (!isKept_) return;
    if (bytes_ > mostKept)
        throw Failure(exitNegative, "the answer is too large for one line; take it with --output");
    answer_.body.append(part.body.bytes());
}

}  // namespace tool
