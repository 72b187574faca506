#pragma once

#include <tempeh/message/text_headers.hpp>

#include <cstddef>
#include <span>

namespace tempeh::detail {

/// Gives access to text headers as one block in wire form, for code that reads and copies frames.
class TextBlock {
public:
    /// Returns room for `size` bytes of a whole block from elsewhere.
    static std::span<std::byte> prepare(TextHeaders& headers, std::size_t size) {
        return headers.block_.prepare(size);
    }
    /// Accepts `size` prepared bytes and adds the last CRLF if it is missing (preparing two more bytes saves
    /// an allocation then). A block that normalise() would reject leaves the headers malformed.
    static void commit(TextHeaders& headers, std::size_t size) { headers.commitBlock(size); }
    /// Accepts `size` prepared bytes of a block that arrives in parts. Call normalise() once it is complete.
    static void commitPart(TextHeaders& headers, std::size_t size) noexcept { headers.block_.commit(size); }

    /// Checks a block from outside and adds the last CRLF if it is missing. False means malformed: a line
    /// without a colon or with an empty name, a control character in a name, or in a value NUL or a CR or LF
    /// that is not part of a CRLF. Accepts whatever append() accepts.
    static bool normalise(TextHeaders& headers) { return headers.normalise(); }
    /// The committed block was not text headers. Nothing can be found or added, and post() fails with
    /// InvalidMessage, until clear() is called.
    static bool isMalformed(const TextHeaders& headers) noexcept { return headers.isMalformed(); }

    /// Heap memory held, in bytes. 0 if nothing was ever stored.
    static std::size_t heapBytes(const TextHeaders& headers) noexcept { return headers.block_.heapBytes(); }
    static void releaseHeap(TextHeaders& headers) noexcept { headers.block_.releaseHeap(); }
};

}  // namespace tempeh::detail
