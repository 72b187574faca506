#pragma once

#include <tempeh/message/text_headers.hpp>

#include <cstddef>
#include <span>

namespace tempeh::detail {

/// Text headers as one block in wire form, for what reads and copies frames.
class TextBlock {
public:
    /// Room for `size` bytes of a whole block that comes from elsewhere.
    static std::span<std::byte> prepare(TextHeaders& headers, std::size_t size) {
        return headers.block_.prepare(size);
    }
    /// Takes in `size` prepared bytes and the last CRLF when it is missing (room for two bytes more saves an
    /// allocation then). A block that normalise() would not accept leaves the headers malformed.
    static void commit(TextHeaders& headers, std::size_t size) { headers.commitBlock(size); }
    /// Takes in `size` prepared bytes of a block that comes in parts; normalise() when it is whole.
    static void commitPart(TextHeaders& headers, std::size_t size) noexcept { headers.block_.commit(size); }

    /// Checks a block that came from outside and adds the last CRLF when it is missing. False, malformed: a
    /// line without a colon or with an empty name, a control character in a name, NUL or a CR or LF that is
    /// not part of a CRLF in a value. Whatever append() takes is accepted here.
    static bool normalise(TextHeaders& headers) { return headers.normalise(); }
    /// A block that was no text headers was committed: nothing can be found or added, and post() fails with
    /// InvalidMessage; clear() mends it.
    static bool isMalformed(const TextHeaders& headers) noexcept { return headers.isMalformed(); }

    /// Heap bytes held; 0 while nothing was ever stored.
    static std::size_t heapBytes(const TextHeaders& headers) noexcept { return headers.block_.heapBytes(); }
    static void releaseHeap(TextHeaders& headers) noexcept { headers.block_.releaseHeap(); }
};

}  // namespace tempeh::detail
