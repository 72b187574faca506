#include "cli/output.hpp"

#include "cli/exit_code.hpp"
#include "cli/output_writer.hpp"
#include "text/printable.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tool {

void openMissingStandardFiles() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one. Reading gives nothing, writing fails.
        if (::open("/dev/null", O_RDONLY) != descriptor) std::_Exit(exitNegative);
    }
}

void writeAll(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            throw Failure(exitNegative, std::string("cannot write the output: ") + std::strerror(errno));
        }
    }
}

void print(std::string_view text) {
    OutputWriter::instance().add(STDOUT_FILENO, std::string(text));
}

void printLine(std::string text) {
    text += '\n';
    OutputWriter::instance().add(STDOUT_FILENO, std::move(text));
}

namespace {

void tryPrintError(std::string text) noexcept {
    try {
        OutputWriter::instance().add(STDERR_FILENO, std::move(text));
    } catch (...) {
        return;  // there is nobody left to tell
    }
}

bool wantsColours(int descriptor) noexcept {
    const char* const refused = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    if (refused != nullptr && *refused != '\0') return false;
    return isTerminal(descriptor) && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

void note(const std::string& text) {
    tryPrintError(text + '\n');
}

void complain(const std::string& text) {
    note(paint(Paint::Bad, "tempeh: ", STDERR_FILENO) + printableText(text));
}

bool isTerminal(int descriptor) noexcept {
    return ::isatty(descriptor) == 1;
}

bool areOutputsOne() noexcept {
    struct stat output {};
    struct stat errors {};
    return ::fstat(STDOUT_FILENO, &output) == 0 && ::fstat(STDERR_FILENO, &errors) == 0 &&
           output.st_dev == errors.st_dev && output.st_ino == errors.st_ino;
}

std::string paint(Paint paint, std::string_view text, int descriptor) {
    if (!wantsColours(descriptor)) return std::string(text);
    static constexpr const char* codes[] = {"\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[2m"};
    return std::string(codes[static_cast<std::size_t>(paint)]).append(text).append("\x1b[0m");
}

ProgressLine::ProgressLine() : isOn_(isTerminal(STDERR_FILENO)) {}

ProgressLine::~ProgressLine() {
    clear();
}

void ProgressLine::show(const std::string& text) {
    if (!isOn_) return;
    isShown_ = true;
    tryPrintError("\r\x1b[K" + text);
}

void ProgressLine::clear() {
    if (isShown_) tryPrintError("\r\x1b[K");
    isShown_ = false;
}

}  // namespace tool
