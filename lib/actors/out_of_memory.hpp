#pragma once

#include <tempeh/core/detail/until_there_is_memory.hpp>

#include <new>
#include <string>

/// What is done where std::bad_alloc has nobody to go to.
namespace tempeh::actors::detail {

using tempeh::detail::untilThereIsMemory;

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
