// LD_PRELOADed: counts allocations, pthread lock acquisitions and system calls of all threads of the process.
// glibc only. Locks made of atomics are not seen; a condition variable's own reacquisition is not counted.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> locks{0};
int syscallCounter = -1;

void count(std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
}

/// The C library's own function behind the one of that name here. No static with a guard: its guard may lock.
template <typename Function>
Function next(std::atomic<Function>& known, const char* name) {
    Function function = known.load(std::memory_order_relaxed);
    if (function == nullptr) {
        function = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
        known.store(function, std::memory_order_relaxed);
    }
    return function;
}

int tracepoint(const char* path) {
    std::FILE* file = std::fopen(path, "r");
    if (file == nullptr) return -1;
    int id = -1;
    if (std::fscanf(file, "%d", &id) != 1) id = -1;
    std::fclose(file);
    return id;
}

/// Needs the kernel's trace points, as a rule root's. Threads made later are counted in.
int openSyscallCounter() {
    int id = tracepoint("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id");
    if (id < 0) id = tracepoint("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id");
    if (id < 0) return -1;
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.size = sizeof attributes;
    attributes.config = static_cast<std::uint64_t>(id);
    attributes.inherit = 1;
    return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

[[gnu::constructor]] void start() {
    syscallCounter = openSyscallCounter();
}

using MutexCall = int (*)(pthread_mutex_t*);
using RwlockCall = int (*)(pthread_rwlock_t*);
std::atomic<MutexCall> mutexLock{nullptr};
std::atomic<MutexCall> mutexTrylock{nullptr};
std::atomic<RwlockCall> rwlockRead{nullptr};
std::atomic<RwlockCall> rwlockWrite{nullptr};

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

/// out: allocations, lock acquisitions, system calls (all ones when they cannot be counted).
[[gnu::visibility("default")]] void bench_counters_read(std::uint64_t out[3]) {
    out[0] = allocations.load(std::memory_order_relaxed);
    out[1] = locks.load(std::memory_order_relaxed);
    out[2] = ~0ULL;
    if (syscallCounter >= 0 && read(syscallCounter, &out[2], sizeof out[2]) != sizeof out[2]) out[2] = ~0ULL;
}

void* malloc(std::size_t size) noexcept {
    count(allocations);
    return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) noexcept {
    count(allocations);
    return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) noexcept {
    count(allocations);
    return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    count(allocations);
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
    *out = memalign(alignment, size);
    return *out != nullptr ? 0 : ENOMEM;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    count(locks);
    return next(mutexLock, "pthread_mutex_lock")(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
    count(locks);
    return next(mutexTrylock, "pthread_mutex_trylock")(mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
    count(locks);
    return next(rwlockRead, "pthread_rwlock_rdlock")(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
    count(locks);
    return next(rwlockWrite, "pthread_rwlock_wrlock")(lock);
}
}
