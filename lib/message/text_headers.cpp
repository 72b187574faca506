#include "base/escape.hpp"

#include <tempeh/message/text_headers.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace tempeh {

namespace {

constexpr std::string_view lineEnd = "\r\n";

bool isBlank(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

// One table look-up per byte: every received message with text headers goes through this.
constexpr std::uint8_t endsName = 1;   // a colon or a control character
constexpr std::uint8_t endsValue = 2;  // CR, LF, NUL
constexpr std::array<std::uint8_t, 256> marks = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t c = 0; c != 0x20; ++c)
        table[c] = endsName;
    table[0x7f] = table[':'] = endsName;
    table['\0'] = table['\r'] = table['\n'] = endsName | endsValue;
    return table;
}();

const char* skipTo(std::uint8_t mark, const char* at, const char* last) noexcept {
    while (at != last && (marks[static_cast<unsigned char>(*at)] & mark) == 0)
        ++at;
    return at;
}

bool isName(std::string_view name) noexcept {
    const char* const last = name.data() + name.size();
    return !name.empty() && name.front() != ' ' && name.back() != ' ' &&
           skipTo(endsName, name.data(), last) == last;
}

bool isValue(std::string_view value) noexcept {
    const char* const last = value.data() + value.size();
    return skipTo(endsValue, value.data(), last) == last;
}

bool overlaps(std::string_view part, std::string_view block) noexcept {
    const std::less<> before;
    return !part.empty() && !block.empty() && before(part.data(), block.data() + block.size()) &&
           before(block.data(), part.data() + part.size());
}

std::byte* put(std::byte* out, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

/// How an error shows a value, which may contain anything.
std::string quoted(std::string_view name, std::string_view value) {
    constexpr std::size_t longest = 100;
    std::string text(name.substr(0, longest));
    text.append(":").append(value.substr(0, longest));
    std::replace_if(text.begin(), text.end(), base::isControl, '?');
    return text;
}

}  // namespace

void TextHeaders::append(std::string_view name, std::string_view value, error_code& ec) {
    if (!isName(name) || !isValue(value) || isMalformed()) {
        ec = Status::InvalidMessage;
        return;
    }
    ec.clear();
    value = trimmed(value);
    if (overlaps(name, view()) || overlaps(value, view())) {
        const std::string nameCopy(name);
        const std::string valueCopy(value);
        append(nameCopy, valueCopy, ec);
        return;
    }
    const std::size_t size = name.size() + 1 + value.size() + lineEnd.size();
    put(put(put(put(block_.prepare(size).data(), name), ":"), value), lineEnd);
    block_.commit(size);
}

void TextHeaders::append(std::string_view name, std::string_view value) {
    error_code ec;
    append(name, value, ec);
    if (ec) throw Error(ec, quoted(name, value));
}

void TextHeaders::set(std::string_view name, std::string_view value, error_code& ec) {
    const std::size_t before = block_.size();
    append(name, value, ec);  // append first, so that a failure changes nothing
    if (ec) return;
    const std::string_view added = view().substr(before);
    const std::string_view ownName = added.substr(0, name.size());  // `name` may lie in the part that moves
    const Iterator first =
        std::find_if(begin(), end(), [&](const TextHeader& h) { return h.name == ownName; });
    const auto place = static_cast<std::size_t>(first.line_ - view().data());
    if (place == before) return;

    const std::size_t kept = place + added.size();
    const std::size_t nameSize = ownName.size();
    char* const text = reinterpret_cast<char*>(block_.bytes().data());
    std::rotate(text + place, text + before, text + block_.size());
    removeFrom(kept, std::string_view(text + place, nameSize));  // the old ones
}

void TextHeaders::set(std::string_view name, std::string_view value) {
    error_code ec;
    set(name, value, ec);
    if (ec) throw Error(ec, quoted(name, value));
}

std::size_t TextHeaders::remove(std::string_view name) {
    if (overlaps(name, view())) return removeFrom(0, std::string(name));
    return removeFrom(0, name);
}

std::size_t TextHeaders::removeFrom(std::size_t offset, std::string_view name) noexcept {
    char* const text = reinterpret_cast<char*>(block_.bytes().data());
    std::size_t out = offset;
    std::size_t removed = 0;
    for (Iterator it(view().substr(offset)); it != end(); ++it) {
        if (it->name == name) {
            ++removed;
            continue;
        }
        const auto lineSize = static_cast<std::size_t>(it.rest_.data() - it.line_);
        std::memmove(text + out, it.line_, lineSize);  // never past what the iterator has read
        out += lineSize;
    }
    block_.truncate(out);
    return removed;
}

std::optional<std::string_view> TextHeaders::find(std::string_view name) const noexcept {
    for (const TextHeader& header : *this) {
        if (header.name == name) return header.value;
    }
    return std::nullopt;
}

void TextHeaders::commitBlock(std::size_t size) {
    block_.commit(size);
    if (normalise()) return;
    block_.bytes()[0] = std::byte{0};
    block_.truncate(1);
}

bool TextHeaders::normalise() {
    const std::string_view block = view();
    const char* at = block.data();
    const char* const last = at + block.size();
    while (at != last) {
        if (*at != '\r') {
            const char* const name = at;
            at = skipTo(endsName, at, last);
            if (at == last || at == name || *at != ':') return false;
            at = skipTo(endsValue, at + 1, last);
            if (at == last) {
                block_.append(lineEnd);
                return true;
            }
        }
        if (last - at < 2 || at[0] != '\r' || at[1] != '\n') return false;
        at += lineEnd.size();
    }
    return true;
}

void TextHeaders::Iterator::advance() noexcept {
    line_ = nullptr;
    while (!rest_.empty()) {
        const std::size_t size = std::min(rest_.find(lineEnd), rest_.size());
        const std::string_view line = rest_.substr(0, size);
        rest_.remove_prefix(std::min(size + lineEnd.size(), rest_.size()));
        if (line.empty()) continue;
        line_ = line.data();
        const std::size_t colon = std::min(line.find(':'), line.size());
        current_.name = line.substr(0, colon);
        current_.value = trimmed(line.substr(std::min(colon + 1, line.size())));
        return;
    }
}

}  // namespace tempeh
