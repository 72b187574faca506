#pragma once

#include <tempeh/base/export.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <utility>

namespace tempeh::actors {

namespace detail {
class ArenaState;
class ArenaStock;
}  // namespace detail

/// Memory for one request. What a message, its handler and the handlers it goes on to need for a while comes
/// from the arena and is given back all at once, when the last of them lets go. Allocating moves a pointer;
/// freeing does nothing.
///
/// An Arena is a handle the size of a pointer. Copies share the memory, and moving one does not move the
/// memory: what was allocated stays where it is. So an arena may travel with a message whose containers are
/// in it: `ref.tell(Parse{std::move(text)}, std::move(arena))`. Destroy those containers before the last
/// handle.
///
/// Wherever a `std::pmr::memory_resource*` or a `std::pmr::polymorphic_allocator` is expected, `&arena` or
/// `arena` does: `std::pmr::string text("...", &arena)`. That pointer is good until the last handle is gone,
/// and does not point to the handle.
///
/// Each handle is used by one thread at a time, as a std::shared_ptr is. Handles that share an arena may be
/// used, and allocated through, from several threads; allocating takes a lock only while there is more than
/// one.
class TEMPEH_ACTORS_EXPORT Arena {
public:
    /// Empty. Its first allocation makes an arena of its own, which goes back to the system's memory.
    Arena() noexcept = default;
    Arena(const Arena& other) noexcept;
    Arena(Arena&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Arena& operator=(Arena other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~Arena() {
        if (state_ != nullptr) release();
    }

    /// Makes the arena if the handle is empty. Throws std::bad_alloc.
    std::pmr::memory_resource* resource();
    /// The same, so that a function which takes the address of a resource gets one that survives this handle.
    std::pmr::memory_resource* operator&() { return resource(); }  // NOLINT(google-runtime-operator)
    /// The same as an allocator, for containers.
    template <typename T>
    operator std::pmr::polymorphic_allocator<T>() {  // NOLINT(google-explicit-constructor)
        return resource();
    }

    /// The bytes allocated from it so far, without what alignment costs. 0 for an empty handle.
    std::size_t bytesAllocated() const noexcept;
    /// How many handles share it. 0 for an empty one. Others may come and go meanwhile.
    std::size_t holders() const noexcept;
    /// False: empty.
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    friend class ArenaPool;
    explicit Arena(detail::ArenaState& state) noexcept : state_(&state) {}
    void release() noexcept;

    detail::ArenaState* state_ = nullptr;
};

/// How an ArenaPool keeps memory.
struct ArenaPoolOptions {
    /// What an arena has to begin with, in bytes. It takes more from the system when that is used up, and
    /// gives it back when it ends.
    std::size_t blockBytes = 4096;
    /// Arenas that are kept for later use. Those beyond go back to the system.
    std::size_t maxIdle = 64;
};

/// Counters of an ArenaPool.
struct ArenaPoolCounters {
    std::uint64_t made = 0;    ///< Arenas made with memory of the system's.
    std::uint64_t reused = 0;  ///< Arenas that were there already.
    std::size_t idle = 0;      ///< Kept now.
    std::size_t inUse = 0;     ///< Held by somebody now.
};

/// Where arenas come from and go back to. In steady state get() allocates nothing. Any thread. The pool may
/// be destroyed before its arenas; they then go back to the system. A System has a pool of its own.
class TEMPEH_ACTORS_EXPORT ArenaPool {
public:
    /// An empty pool. Throws std::bad_alloc.
    explicit ArenaPool(ArenaPoolOptions options = {});
    ArenaPool(const ArenaPool&) = delete;
    ArenaPool& operator=(const ArenaPool&) = delete;
    ~ArenaPool();

    /// An arena with nothing in it. Throws std::bad_alloc.
    [[nodiscard]] Arena get();
    /// A snapshot.
    ArenaPoolCounters counters() const noexcept;

private:
    std::shared_ptr<detail::ArenaStock> stock_;
};

}  // namespace tempeh::actors
