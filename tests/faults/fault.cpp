#include "faults/fault.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <netdb.h>

namespace tempeh::faults {

namespace {

struct Row {
    const char* name;
    std::span<const int> errors;
};

constexpr int allocation[] = {ENOMEM};
constexpr int socketErrors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EAFNOSUPPORT};
constexpr int bindErrors[] = {EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOMEM, ENOSPC, EROFS};
constexpr int listenErrors[] = {EADDRINUSE, ENOBUFS};
constexpr int acceptErrors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED, EINTR, EAGAIN, EPROTO, EPERM};
constexpr int connectErrors[] = {ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EACCES,
                                 EAGAIN,       ENOENT,      EINTR,     ENOBUFS};
constexpr int receiveErrors[] = {ECONNRESET, EINTR, EAGAIN, ENOMEM, ETIMEDOUT, oneByte};
constexpr int sendErrors[] = {EPIPE, ECONNRESET, EINTR, EAGAIN, ENOBUFS, ENOMEM, oneByte};
constexpr int createErrors[] = {EMFILE, ENFILE, ENOMEM};
constexpr int controlErrors[] = {ENOMEM, ENOSPC};
constexpr int interrupted[] = {EINTR};
constexpr int optionErrors[] = {ENOBUFS, ENOMEM};
constexpr int nameErrors[] = {ENOBUFS};
constexpr int peerErrors[] = {ENOTCONN};
constexpr int ioctlErrors[] = {EINVAL};
constexpr int openErrors[] = {EMFILE, ENFILE, ENOMEM, EACCES, EINTR};
constexpr int lockErrors[] = {EINTR, ENOLCK, EWOULDBLOCK};
constexpr int fileErrors[] = {EACCES, ENOMEM, EROFS};
constexpr int closeErrors[] = {EINTR, EIO};
constexpr int lookupErrors[] = {EAI_MEMORY, EAI_AGAIN, EAI_FAIL, EAI_NONAME};

constexpr int transportErrors[] = {ECONNREFUSED, EMFILE, ENOMEM, noMemory};
constexpr int transportReads[] = {ECONNRESET, ENOMEM, endOfStream, oneByte};
constexpr int transportReceives[] = {ECONNRESET, ENOMEM, noMemory};
constexpr int transportWrites[] = {EPIPE, ECONNRESET, ENOBUFS, EIO, oneByte};
constexpr int transportTimers[] = {noMemory};

constexpr std::array<Row, kinds> rows{{
    {"allocation", allocation},
    {"socket", socketErrors},
    {"bind", bindErrors},
    {"listen", listenErrors},
    {"accept", acceptErrors},
    {"connect", connectErrors},
    {"receive", receiveErrors},
    {"send", sendErrors},
    {"epoll_create", createErrors},
    {"eventfd", createErrors},
    {"timerfd", createErrors},
    {"epoll_ctl", controlErrors},
    {"epoll_wait", interrupted},
    {"getsockopt", optionErrors},
    {"setsockopt", optionErrors},
    {"getsockname", nameErrors},
    {"getpeername", peerErrors},
    {"ioctl", ioctlErrors},
    {"open", openErrors},
    {"flock", lockErrors},
    {"lstat", fileErrors},
    {"chmod", fileErrors},
    {"unlink", fileErrors},
    {"shutdown", peerErrors},
    {"close", closeErrors},
    {"getaddrinfo", lookupErrors},
    {"connect()", transportErrors},
    {"open()", transportErrors},
    {"accept()", transportErrors},
    {"readSome()", transportReads},
    {"startReceive()", transportReceives},
    {"writeSome()", transportWrites},
    {"waitReadable()", transportErrors},
    {"waitWritable()", transportErrors},
    {"Timer::start()", transportTimers},
}};

// What the wrappers look at; written while no thread of a library under test is at work, or by chance.
std::atomic<int> armedKind{-1};
std::atomic<std::uint64_t> firstAt{0};
std::atomic<std::uint64_t> lastAt{0};
std::atomic<int> armedError{0};
std::atomic<std::uint64_t> counted{0};
std::atomic<bool> fired{false};
std::array<std::atomic<std::uint64_t>, kinds> seen{};
std::atomic<std::int64_t> blocks{0};
std::array<std::atomic<bool>, 4096> sparedDescriptors{};
thread_local int spared = 0;

}  // namespace

const char* nameOf(Kind kind) noexcept {
    return rows[static_cast<std::size_t>(kind)].name;
}

std::span<const int> errorsOf(Kind kind) noexcept {
    return rows[static_cast<std::size_t>(kind)].errors;
}

std::string describe(const Fault& fault) {
    std::string text = std::string(nameOf(fault.kind)) + " number " + std::to_string(fault.at);
    if (fault.error == oneByte) return text + " does one byte";
    if (fault.error == noMemory) return text + " throws bad_alloc";
    if (fault.error == endOfStream) return text + " finds the end of the stream";
    text += " fails";
    if (fault.inARow != 1) text += ", " + std::to_string(fault.inARow) + " in a row";
    return text + (fault.kind == Kind::Lookup ? std::string(": ") + ::gai_strerror(fault.error)
                                              : std::string(": ") + std::strerror(fault.error));
}

void arm(const Fault& fault) noexcept {
    armedKind = -1;
    fired = false;
    counted = 0;
    firstAt = fault.at;
    lastAt = fault.at + fault.inARow - 1;
    armedError = fault.error;
    armedKind = static_cast<int>(fault.kind);
}

bool disarm() noexcept {
    armedKind = -1;
    return fired;
}

bool hasFired() noexcept {
    return fired;
}

void markFired() noexcept {
    fired = true;
}

std::int64_t liveBlocks() noexcept {
    return blocks;
}

void countBlock(int change) noexcept {
    blocks.fetch_add(change, std::memory_order_relaxed);
}

std::uint64_t callsSeen(Kind kind) noexcept {
    return seen[static_cast<std::size_t>(kind)];
}

void spareDescriptor(int descriptor, bool isSpared) noexcept {
    if (descriptor >= 0 && static_cast<std::size_t>(descriptor) < sparedDescriptors.size())
        sparedDescriptors[static_cast<std::size_t>(descriptor)] = isSpared;
}

bool isSparedDescriptor(int descriptor) noexcept {
    return descriptor >= 0 && static_cast<std::size_t>(descriptor) < sparedDescriptors.size() &&
           sparedDescriptors[static_cast<std::size_t>(descriptor)];
}

Spared::Spared() noexcept {
    ++spared;
}

Spared::~Spared() {
    --spared;
}

Exposed::Exposed() noexcept : depth_(spared) {
    spared = 0;
}

Exposed::~Exposed() {
    spared = depth_;
}

int next(Kind kind) noexcept {
    if (spared != 0) return 0;
    seen[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    if (armedKind.load(std::memory_order_relaxed) != static_cast<int>(kind)) return 0;
    const std::uint64_t number = counted.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number < firstAt || number > lastAt) return 0;
    fired = true;
    return armedError;
}

}  // namespace tempeh::faults
