#pragma once

#include <tempeh/base/export.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace tempeh {

namespace detail {

/// Moves `size` bytes at `data` into a heap block with room for `more` bytes behind them, and sets its
/// capacity. Frees `data` when `onHeap`. Throws std::bad_alloc, or std::length_error past 4 GiB; then nothing
/// changes.
TEMPEH_EXPORT std::byte* growBytes(std::byte* data, std::size_t size, std::size_t more, bool onHeap,
                                   std::uint32_t& capacity);
TEMPEH_EXPORT void freeBytes(std::byte* data) noexcept;

}  // namespace detail

/// Contiguous growable bytes. The first `InlineSize` are stored in the object, so a small message is one
/// memory block. Clearing the content keeps the capacity: a reused message allocates nothing. One thread at a
/// time. Not copyable or movable, because it lives inside a Message. Functions that grow it throw
/// std::bad_alloc, or std::length_error past 4 GiB; then nothing changes.
template <std::size_t InlineSize>
class ByteBuffer {
public:
    ByteBuffer() noexcept : data_(inlineData()), capacity_(InlineSize) {}
    ~ByteBuffer() {
        if (onHeap()) detail::freeBytes(data_);
    }
    ByteBuffer(const ByteBuffer&) = delete;
    ByteBuffer& operator=(const ByteBuffer&) = delete;

    /// Adds bytes at the end. They may be part of this buffer's content.
    void append(std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        if (bytes.size() > capacity_ - size_) [[unlikely]] {
            appendGrowing(bytes);
            return;
        }
        std::memcpy(data_ + size_, bytes.data(), bytes.size());
        size_ += static_cast<std::uint32_t>(bytes.size());
    }
    /// The same with text.
    void append(std::string_view text) { append(std::as_bytes(std::span(text.data(), text.size()))); }

    /// Replaces the content. The new content may be part of the old.
    void assign(std::span<const std::byte> bytes) {
        if (bytes.size() <= capacity_) {
            if (!bytes.empty()) std::memmove(data_, bytes.data(), bytes.size());
            size_ = static_cast<std::uint32_t>(bytes.size());
            return;
        }
        grow(bytes.size() - size_);  // larger than the buffer: not part of it
        std::memcpy(data_, bytes.data(), bytes.size());
        size_ = static_cast<std::uint32_t>(bytes.size());
    }
    /// The same with text.
    void assign(std::string_view text) { assign(std::as_bytes(std::span(text.data(), text.size()))); }

    /// Clears the content, keeps the capacity.
    void clear() noexcept { size_ = 0; }
    /// As in a standard container, in bytes.
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }

    /// The content. Valid until it changes.
    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
    std::span<std::byte> bytes() noexcept { return {data_, size_}; }
    std::string_view view() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }

    /// Returns at least `size` writable bytes behind the content; commit(n) then adds the first n of them.
    std::span<std::byte> prepare(std::size_t size) {
        if (size > capacity_ - size_) [[unlikely]]
            grow(size);
        return {data_ + size_, size};
    }
    /// Adds prepared bytes. A `size` larger than what was prepared is cut off there.
    void commit(std::size_t size) noexcept {
        const std::size_t room = capacity_ - size_;
        size_ += static_cast<std::uint32_t>(size < room ? size : room);
    }

    /// Keeps the first `size` bytes. Does nothing if there are fewer.
    void truncate(std::size_t size) noexcept {
        if (size < size_) size_ = static_cast<std::uint32_t>(size);
    }

    /// Heap memory held beside the object, in bytes.
    std::size_t heapBytes() const noexcept { return onHeap() ? capacity_ : 0; }

    /// Clears the content and frees the heap block.
    void releaseHeap() noexcept {
        if (onHeap()) detail::freeBytes(data_);
        data_ = inlineData();
        capacity_ = InlineSize;
        size_ = 0;
    }

private:
    struct Nothing {};
    struct Storage {
        std::byte bytes[InlineSize == 0 ? 1 : InlineSize];
    };

    std::byte* inlineData() noexcept {
        if constexpr (InlineSize == 0)
            return nullptr;
        else
            return inline_.bytes;
    }
    bool onHeap() const noexcept { return capacity_ > InlineSize; }
    void grow(std::size_t more) { data_ = detail::growBytes(data_, size_, more, onHeap(), capacity_); }
    void appendGrowing(std::span<const std::byte> bytes) {
        const std::less_equal<> notAfter;
        const bool own = size_ != 0 && notAfter(data_, bytes.data()) && notAfter(bytes.data(), data_ + size_);
        const std::size_t offset = own ? static_cast<std::size_t>(bytes.data() - data_) : 0;
        grow(bytes.size());
        std::memcpy(data_ + size_, own ? data_ + offset : bytes.data(), bytes.size());
        size_ += static_cast<std::uint32_t>(bytes.size());
    }

    std::byte* data_;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_;
    [[no_unique_address]] std::conditional_t<InlineSize == 0, Nothing, Storage> inline_;
};

}  // namespace tempeh
