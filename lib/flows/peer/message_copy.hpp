#pragma once

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace tempeh::flows::detail {

/// Copies header, text headers and body. Throws std::bad_alloc.
inline void copyMessage(const Message& from, Message& to) {
    to.header = from.header;
    to.textHeaders.clear();
    const std::string_view block = from.textHeaders.view();
    if (!block.empty()) {
        const std::span<std::byte> room = tempeh::detail::TextBlock::prepare(to.textHeaders, block.size());
        std::memcpy(room.data(), block.data(), block.size());
        tempeh::detail::TextBlock::commit(to.textHeaders, block.size());
    }
    to.body.assign(from.body.bytes());
}

}  // namespace tempeh::flows::detail
