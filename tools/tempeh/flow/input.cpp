#include "flow/input.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace tool {

namespace {

[[noreturn]] void failRead(const std::string& what) {
    throw Failure(exitUsage, "cannot read " + what + ": " + std::strerror(errno));
}

}  // namespace

Input::Input(const std::optional<std::string>& text, const std::string& file) {
    if (text && !file.empty()) throw Failure(exitUsage, "a body and --file: only one of them");
    if (text) {
        text_ = *text;
    } else if (!file.empty() && file != "-") {
        descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor_ < 0) failRead(file);
        ownsDescriptor_ = true;
    } else if (file == "-" || !isTerminal(STDIN_FILENO)) {
        descriptor_ = STDIN_FILENO;
    }
    if (::pipe2(stopPipe_, O_CLOEXEC) != 0) failRead("a pipe");
}

Input::~Input() {
    if (ownsDescriptor_) ::close(descriptor_);
    ::close(stopPipe_[0]);
    ::close(stopPipe_[1]);
}

std::size_t Input::read(std::span<std::byte> room) {
    if (descriptor_ < 0) {
        const std::size_t size = std::min(room.size(), text_.size() - position_);
        std::memcpy(room.data(), text_.data() + position_, size);
        position_ += size;
        return size;
    }
    for (;;) {
        pollfd waited[] = {{descriptor_, POLLIN, 0}, {stopPipe_[0], POLLIN, 0}};
        if (::poll(waited, std::size(waited), -1) < 0) {
            if (errno != EINTR) failRead("the input");
            continue;
        }
        if (waited[1].revents != 0) return 0;
        const ssize_t size = ::read(descriptor_, room.data(), room.size());
        if (size >= 0) return static_cast<std::size_t>(size);
        if (errno != EINTR && errno != EAGAIN) failRead("the input");
    }
}

std::string Input::readAll(std::size_t limit) {
    std::string whole(limit + 1, '\0');
    std::size_t size = 0;
    while (size <= limit) {
        const std::size_t got = read(std::as_writable_bytes(std::span(whole)).subspan(size));
        if (got == 0) break;
        size += got;
    }
    if (size > limit) {
        throw Failure(exitUsage,
                      "the body has more than " + std::to_string(limit) + " bytes; send it with --stream");
    }
    whole.resize(size);
    return whole;
}

void Input::stop() noexcept {
    const char byte = 0;
    while (::write(stopPipe_[1], &byte, 1) < 0 && errno == EINTR) {
    }
}

}  // namespace tool
