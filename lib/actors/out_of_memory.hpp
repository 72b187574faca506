#pragma once

#include <new>
#include <string>
#include <thread>
#include <utility>

/// What is done where std::bad_alloc has nobody to go to.
namespace tempeh::actors::detail {

/// Does it again until there is memory: for what must not get lost, such as an actor's end.
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

/// A text for a person. Without memory for it, one that needs none.
template <typename Make>
std::string inWords(Make make) noexcept {
    try {
        return make();
    } catch (const std::bad_alloc&) {
        return "(out of memory)";
    }
}

}  // namespace tempeh::actors::detail
