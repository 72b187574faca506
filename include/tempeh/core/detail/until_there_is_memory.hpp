#pragma once

#include <new>
#include <thread>

namespace tempeh::detail {

/// Does it again until it does not throw std::bad_alloc: for what must not get lost and has nobody to tell,
/// such as an end, a wake or an exception. It must not have begun when it throws.
template <typename Work>
void untilThereIsMemory(Work work) noexcept {
    for (;;) {
        try {
            return work();
        } catch (const std::bad_alloc&) {
            std::this_thread::yield();
        }
    }
}

}  // namespace tempeh::detail
