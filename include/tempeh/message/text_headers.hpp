#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/byte_buffer.hpp>
#include <tempeh/message/status.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace tempeh {

namespace detail {
class TextBlock;
}

/// One `name:value` pair. Both are views into the TextHeaders it came from, valid until these change.
struct TextHeader {
    std::string_view name;   ///< Before the colon.
    std::string_view value;  ///< After the colon, without surrounding spaces and tabs.

    friend bool operator==(const TextHeader&, const TextHeader&) = default;
};

/// The text headers of a message, kept in their wire form (`name:value\r\n` repeated, docs/wire.md), so that
/// sending only copies them. Order is kept. Names may repeat and are case-sensitive. One thread at a time.
/// Lookup is linear: meant for a handful of headers. Functions that lengthen them throw std::bad_alloc when
/// there is no memory, in both forms.
class TEMPEH_EXPORT TextHeaders {
public:
    class Iterator;
    /// As in a standard container.
    using iterator = Iterator;
    using const_iterator = Iterator;

    TextHeaders() noexcept = default;
    TextHeaders(const TextHeaders&) = delete;
    TextHeaders& operator=(const TextHeaders&) = delete;

    /// Adds a header at the end, without the spaces and tabs around the value. Fails with InvalidMessage if
    /// the name is empty, has a colon, a control character, or spaces around it, or if the value has CR, LF
    /// or NUL; then nothing changes. Name and value may be views into these headers.
    void append(std::string_view name, std::string_view value);
    void append(std::string_view name, std::string_view value, error_code& ec);

    /// Replaces every header of that name by one, at the place of the first. Appends it if there is none.
    /// Errors as append().
    void set(std::string_view name, std::string_view value);
    void set(std::string_view name, std::string_view value, error_code& ec);

    /// Removes every header of that name. Returns how many there were.
    std::size_t remove(std::string_view name);

    /// The trimmed value of the first header of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// Iterates over the headers, in order.
    Iterator begin() const noexcept;
    Iterator end() const noexcept;

    /// As in a standard container. The capacity stays.
    bool empty() const noexcept { return block_.empty(); }
    void clear() noexcept { block_.clear(); }

    /// The length of the wire form in bytes; at most 65,535 in a message that can be posted.
    std::size_t sizeBytes() const noexcept { return block_.size(); }
    /// The wire form. Every line ends in CRLF.
    std::string_view view() const noexcept { return block_.view(); }

private:
    friend class detail::TextBlock;

    void commitBlock(std::size_t size);
    bool normalise();
    bool isMalformed() const noexcept { return block_.size() == 1; }  // no line is that short
    std::size_t removeFrom(std::size_t offset, std::string_view name) noexcept;

    ByteBuffer<0> block_;
};

/// Forward iterator over the headers. Skips empty lines.
class TEMPEH_EXPORT TextHeaders::Iterator {
public:
    /// As std::iterator_traits requires.
    using iterator_category = std::forward_iterator_tag;
    using value_type = TextHeader;
    using difference_type = std::ptrdiff_t;
    using pointer = const TextHeader*;
    using reference = const TextHeader&;

    Iterator() noexcept = default;
    /// Iterates over a block in wire form.
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { advance(); }

    /// As in a standard forward iterator.
    reference operator*() const noexcept { return current_; }
    pointer operator->() const noexcept { return &current_; }
    Iterator& operator++() noexcept {
        advance();
        return *this;
    }
    Iterator operator++(int) noexcept {
        Iterator old = *this;
        advance();
        return old;
    }

    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.line_ == b.line_; }

private:
    friend class TextHeaders;

    void advance() noexcept;

    std::string_view rest_;  // what follows the current line
    TextHeader current_;
    const char* line_ = nullptr;  // start of the current line; null at the end
};

inline TextHeaders::Iterator TextHeaders::begin() const noexcept {
    return Iterator(view());
}
inline TextHeaders::Iterator TextHeaders::end() const noexcept {
    return Iterator();
}

}  // namespace tempeh
