#include "actors/block_stock.hpp"

#include <new>

namespace tempeh::actors::detail {

namespace {

void deleteChain(FreeBlock* chain) noexcept {
    while (chain != nullptr) {
        FreeBlock* const next = chain->next;
        ::operator delete(chain);
        chain = next;
    }
}

}  // namespace

BlockDepot::~BlockDepot() {
    for (Chains& kind : chains_)
        for (std::size_t i = 0; i < kind.count; ++i)
            deleteChain(kind.chains[i]);
}

FreeBlock* BlockDepot::take(std::size_t sizeClass) noexcept {
    const base::MutexLock lock(mutex_);
    Chains& kind = chains_[sizeClass];
    return kind.count == 0 ? nullptr : kind.chains[--kind.count];
}

void BlockDepot::give(std::size_t sizeClass, FreeBlock* chain) noexcept {
    {
        const base::MutexLock lock(mutex_);
        Chains& kind = chains_[sizeClass];
        if (kind.count < mostChains) {
            kind.chains[kind.count++] = chain;
            return;
        }
    }
    deleteChain(chain);
}

BlockStock::~BlockStock() {
    for (const Shelf& shelf : shelves_)
        deleteChain(shelf.first);
}

void* BlockStock::refill(Shelf& shelf, std::size_t size) {
    FreeBlock* const chain = depot_.take(BlockSizes::classOf(size));
    if (chain == nullptr) return ::operator new(BlockSizes::rounded(size));
    shelf.first = chain->next;
    shelf.count = BlockDepot::chainLength - 1;
    return chain;
}

void BlockStock::unload(Shelf& shelf, std::size_t sizeClass) noexcept {
    FreeBlock* const chain = shelf.first;
    FreeBlock* last = chain;
    for (std::size_t i = 1; i < BlockDepot::chainLength; ++i)
        last = last->next;
    shelf.first = last->next;
    last->next = nullptr;
    shelf.count -= BlockDepot::chainLength;
    depot_.give(sizeClass, chain);
}

}  // namespace tempeh::actors::detail
