#pragma once

#include "frame.hpp"
#include "meter.hpp"
#include "sockets.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <sys/epoll.h>
#include <unistd.h>
#include <vector>

namespace bench {

/// Beyond 256 KB a read falls out of the second-level cache.
inline constexpr std::size_t kReadSize = 256 * 1024;
/// A write is worth it from about here.
inline constexpr std::size_t kWriteSize = 64 * 1024;

/// Edge-triggered epoll with optional polling before it sleeps.
class Epoll {
public:
    explicit Epoll(std::uint32_t spinUs)
        : fd_(epoll_create1(EPOLL_CLOEXEC)), spinNs_(std::uint64_t{spinUs} * 1000U) {
        if (fd_ < 0) throwErrno("epoll_create1");
    }
    ~Epoll() { ::close(fd_); }
    Epoll(const Epoll&) = delete;
    Epoll& operator=(const Epoll&) = delete;

    void add(int fd, std::uint32_t events, void* what) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = what;
        if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) throwErrno("epoll_ctl");
    }

    void modify(int fd, std::uint32_t events, void* what) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = what;
        if (epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0) throwErrno("epoll_ctl");
    }

    std::span<const epoll_event> wait() {
        int ready = 0;
        if (spinNs_ > 0) {
            const std::uint64_t until = nowNs() + spinNs_;
            do {
                ready = poll(0);
            } while (ready == 0 && nowNs() < until);
        }
        if (ready == 0) ready = poll(-1);
        return {events_.data(), static_cast<std::size_t>(ready)};
    }

private:
    int poll(int timeout) {
        const int ready = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), timeout);
        if (ready < 0 && errno != EINTR) throwErrno("epoll_wait");
        return ready < 0 ? 0 : ready;
    }

    int fd_;
    std::uint64_t spinNs_;
    std::array<epoll_event, 256> events_{};
};

/// Room to write is asked for only while something waits for it: a Unix socket reports it after every message
/// read.
inline constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;

/// Keeps the registration of a socket in step with whether something waits to be written.
class Interest {
public:
    void update(Epoll& epoll, int fd, void* what, bool blocked) {
        if (blocked == blocked_) return;
        blocked_ = blocked;
        epoll.modify(fd, blocked ? kReadEvents | EPOLLOUT : kReadEvents, what);
    }

private:
    bool blocked_ = false;
};

/// A cut-off frame waiting for its rest.
struct Partial {
    std::vector<std::byte> bytes;
};

/// One read buffer for all connections. The cut-off frame of the connection read last stays in place, so that
/// a single busy connection copies nothing; it moves out only when another connection needs the buffer.
class Reader {
public:
    Reader() : buffer_(kReadSize) {}

    /// Reads until the socket is empty; `onBytes(data, size)` returns how much it consumed. False at the end
    /// of the stream.
    template <typename OnBytes>
    bool drain(int fd, Partial& partial, OnBytes&& onBytes) {
        claim(partial);
        for (;;) {
            const std::size_t asked = buffer_.size() - filled_;
            const ssize_t got = ::recv(fd, buffer_.data() + filled_, asked, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0 && errno == EAGAIN) return true;
            if (got <= 0) return false;
            filled_ += static_cast<std::size_t>(got);
            const std::size_t consumed = onBytes(buffer_.data(), filled_);
            filled_ -= consumed;
            if (filled_ > 0) std::memmove(buffer_.data(), buffer_.data() + consumed, filled_);
            if (static_cast<std::size_t>(got) < asked) return true;  // empty: the next bytes raise an edge
        }
    }

    /// Before a connection goes.
    void forget(const Partial& partial) {
        if (owner_ == &partial) {
            owner_ = nullptr;
            filled_ = 0;
        }
    }

private:
    void claim(Partial& partial) {
        if (owner_ == &partial) return;
        if (owner_ != nullptr && filled_ > 0)
            owner_->bytes.assign(buffer_.begin(), buffer_.begin() + signedFilled());
        owner_ = &partial;
        filled_ = partial.bytes.size();
        if (filled_ > 0) std::memcpy(buffer_.data(), partial.bytes.data(), filled_);
        partial.bytes.clear();
    }
    std::ptrdiff_t signedFilled() const { return static_cast<std::ptrdiff_t>(filled_); }

    std::vector<std::byte> buffer_;
    std::size_t filled_ = 0;
    Partial* owner_ = nullptr;
};

/// Sends what the socket takes now; the count, 0 when it is full.
inline std::size_t sendSome(int fd, const std::byte* data, std::size_t size) {
    for (;;) {
        const ssize_t put = ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put >= 0) return static_cast<std::size_t>(put);
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) throwErrno("send");
    }
}

}  // namespace bench
