#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>

#if defined(__clang__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEMPEH_FAULTS_NO_OPERATOR_NEW
#endif
#endif

/// Makes the Nth allocation or system call of a kind fail. Calls are caught where the linker resolves them
/// (`--wrap`), which works below no sanitizer's feet; see CMakeLists.txt for the list.
namespace tempeh::faults {

/// What can fail.
enum class Kind : std::uint8_t {
    Allocation,
    Socket,
    Bind,
    Listen,
    Accept,
    Connect,
    Receive,  // recv, recvmsg, readv, read
    Send,     // send, sendmsg, write
    EpollCreate,
    EventFd,
    TimerFd,
    EpollControl,
    EpollWait,
    GetSocketOption,
    SetSocketOption,
    SocketName,  // getsockname
    PeerName,    // getpeername
    Ioctl,
    Open,
    Lock,    // flock
    Status,  // lstat
    ChangeMode,
    Unlink,
    Shutdown,
    Close,
    Lookup,  // getaddrinfo
    // Of the transport contract (faulty_network.hpp):
    TransportConnect,
    TransportOpen,
    TransportAccept,
    TransportRead,
    TransportReceive,
    TransportWrite,
    TransportWaitRead,
    TransportWaitWrite,
    TransportTimer,
};
inline constexpr std::size_t systemKinds = 26;
inline constexpr std::size_t kinds = 35;

const char* nameOf(Kind kind) noexcept;

/// Instead of an errno: the call does one byte of what it was asked for.
inline constexpr int oneByte = -1;
/// Likewise, of the transport contract: std::bad_alloc, and the peer's end of stream.
inline constexpr int noMemory = -2;
inline constexpr int endOfStream = -3;

/// What a call of this kind can end with; for Allocation one error, for Lookup codes of getaddrinfo().
std::span<const int> errorsOf(Kind kind) noexcept;

struct Fault {
    Kind kind = Kind::Allocation;
    std::uint64_t at = 0;  // 1: the first call
    int error = 0;
    std::uint64_t inARow = 1;  // so many calls fail, then all succeed again
};

std::string describe(const Fault& fault);

/// How many descriptors were made so far that programs started by the process would inherit.
unsigned inheritableDescriptors() noexcept;

/// False where operator new cannot be replaced: allocations of Asio's fail, others do not.
#ifdef TEMPEH_FAULTS_NO_OPERATOR_NEW
inline constexpr bool hasOperatorNew = false;
#else
inline constexpr bool hasOperatorNew = true;
#endif

/// From now on the calls of every thread count, but for those in a Spared scope.
void arm(const Fault& fault) noexcept;
/// Everything succeeds again. True: the fault was injected since arm().
bool disarm() noexcept;
bool hasFired() noexcept;
/// Blocks of operator new that are not deleted: whether something leaks shows without a sanitizer, too.
std::int64_t liveBlocks() noexcept;
void countBlock(int change) noexcept;

/// For who disarms before the campaign does.
void markFired() noexcept;
/// Calls of the kind since the program started, spared ones not counted.
std::uint64_t callsSeen(Kind kind) noexcept;

/// What is sent and received through the descriptor neither fails nor counts, until it is closed.
void spareDescriptor(int descriptor, bool isSpared) noexcept;
bool isSparedDescriptor(int descriptor) noexcept;

/// While it lives nothing fails on this thread: the test's own work.
class Spared {
public:
    Spared() noexcept;
    ~Spared();
    Spared(const Spared&) = delete;
    Spared& operator=(const Spared&) = delete;
};

/// While it lives this thread is under test although a Spared is around: a call of the library's.
class Exposed {
public:
    Exposed() noexcept;
    ~Exposed();
    Exposed(const Exposed&) = delete;
    Exposed& operator=(const Exposed&) = delete;

private:
    int depth_;
};

/// For the wrappers: 0 go on, else the error to fail with (or oneByte).
int next(Kind kind) noexcept;

}  // namespace tempeh::faults
