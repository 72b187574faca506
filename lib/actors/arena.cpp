#include "actors/arena_state.hpp"

#include <new>
#include <utility>

// What is still in an idle arena is an error to touch, and AddressSanitizer is told so.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEMPEH_ARENA_POISONS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define TEMPEH_ARENA_POISONS
#endif
#if defined(TEMPEH_ARENA_POISONS)
#include <sanitizer/asan_interface.h>
#endif

namespace tempeh::actors {

namespace detail {

namespace {

constexpr std::size_t ownBlock = 1024;  // of an arena without a pool

void poison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TEMPEH_ARENA_POISONS)
    ASAN_POISON_MEMORY_REGION(block, bytes);
#endif
}

void unpoison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TEMPEH_ARENA_POISONS)
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
#endif
}

}  // namespace

ArenaState::ArenaState(std::byte* block, std::size_t blockBytes, std::shared_ptr<ArenaStock> stock) noexcept
    : block_(block)
    , blockBytes_(blockBytes)
    , memory_(block, blockBytes, std::pmr::new_delete_resource())
    , stock_(std::move(stock)) {}

ArenaState& ArenaState::make(std::size_t blockBytes, std::shared_ptr<ArenaStock> stock) {
    auto* const place = static_cast<std::byte*>(::operator new(sizeof(ArenaState) + blockBytes));
    return *new (place) ArenaState(place + sizeof(ArenaState), blockBytes, std::move(stock));
}

void ArenaState::destroy(ArenaState& state) noexcept {
    unpoison(state.block_, state.blockBytes_);
    state.~ArenaState();
    ::operator delete(&state);
}

void ArenaState::removeHolder() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    memory_.release();
    const std::shared_ptr<ArenaStock> stock = std::move(stock_);
    if (stock == nullptr || !stock->put(*this)) destroy(*this);
}

void ArenaState::reuse(std::shared_ptr<ArenaStock> stock) noexcept {
    unpoison(block_, blockBytes_);
    stock_ = std::move(stock);
    bytes_.store(0, std::memory_order_relaxed);
    holders_.store(1, std::memory_order_relaxed);
}

void ArenaState::poisonBlock() noexcept {
    poison(block_, blockBytes_);
}

void* ArenaState::do_allocate(std::size_t bytes, std::size_t alignment) {
    // A single holder is the caller's. Acquire: what the holders before it allocated has happened.
    if (holders_.load(std::memory_order_acquire) == 1) return take(bytes, alignment);
    const base::MutexLock lock(mutex_);
    return take(bytes, alignment);
}

void* ArenaState::take(std::size_t bytes, std::size_t alignment) {
    void* const place = memory_.allocate(bytes, alignment);
    bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
    return place;
}

ArenaState& ArenaStock::get(const std::shared_ptr<ArenaStock>& stock) {
    if (ArenaState* const state = stock->pop()) {
        state->reuse(stock);
        return *state;
    }
    ArenaState& made = ArenaState::make(stock->options_.blockBytes, stock);
    stock->noteMade();
    return made;
}

ArenaState* ArenaStock::pop() noexcept {
    const base::MutexLock lock(mutex_);
    if (first_ == nullptr) return nullptr;
    --counters_.idle;
    ++counters_.inUse;
    ++counters_.reused;
    return std::exchange(first_, first_->next);
}

void ArenaStock::noteMade() noexcept {
    const base::MutexLock lock(mutex_);
    ++counters_.made;
    ++counters_.inUse;
}

bool ArenaStock::put(ArenaState& state) noexcept {
    const base::MutexLock lock(mutex_);
    --counters_.inUse;
    if (isClosed_ || counters_.idle >= options_.maxIdle) return false;
    ++counters_.idle;
    state.poisonBlock();
    state.next = std::exchange(first_, &state);
    return true;
}

void ArenaStock::close() noexcept {
    ArenaState* idle = nullptr;
    {
        const base::MutexLock lock(mutex_);
        isClosed_ = true;
        counters_.idle = 0;
        idle = std::exchange(first_, nullptr);
    }
    while (idle != nullptr)
        ArenaState::destroy(*std::exchange(idle, idle->next));
}

ArenaPoolCounters ArenaStock::counters() noexcept {
    const base::MutexLock lock(mutex_);
    return counters_;
}

}  // namespace detail

Arena::Arena(const Arena& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->addHolder();
}

void Arena::release() noexcept {
    state_->removeHolder();
}

std::pmr::memory_resource* Arena::resource() {
    if (state_ == nullptr) state_ = &detail::ArenaState::make(detail::ownBlock, nullptr);
    return state_;
}

std::size_t Arena::bytesAllocated() const noexcept {
    return state_ != nullptr ? state_->bytesAllocated() : 0;
}

std::size_t Arena::holders() const noexcept {
    return state_ != nullptr ? state_->holders() : 0;
}

ArenaPool::ArenaPool(ArenaPoolOptions options) : stock_(std::make_shared<detail::ArenaStock>(options)) {}

ArenaPool::~ArenaPool() {
    stock_->close();
}

Arena ArenaPool::get() {
    return Arena(detail::ArenaStock::get(stock_));
}

ArenaPoolCounters ArenaPool::counters() const noexcept {
    return stock_->counters();
}

}  // namespace tempeh::actors
