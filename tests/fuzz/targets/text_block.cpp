// A block of text headers as it comes from a peer: accepted exactly when WIRE accepts it, and read alike by
// iterator, find() and the plain reading.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/reference.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/text_headers.hpp>

#include <cstring>

namespace tempeh::fuzz {
namespace {

constexpr std::size_t maxBlock = 65'535;

void load(TextHeaders& headers, Bytes block) {
    const std::span<std::byte> room = tempeh::detail::TextBlock::prepare(headers, block.size());
    if (!block.empty()) std::memcpy(room.data(), block.data(), block.size());
    tempeh::detail::TextBlock::commit(headers, block.size());
}

/// Every header in its turn; find() gives the first of a name.
void checkLines(const TextHeaders& headers, std::string_view block) {
    TextHeaders::Iterator header = headers.begin();
    while (!block.empty()) {
        const std::string_view line = reference::takeLine(block);
        if (line.empty()) continue;
        const auto expected = reference::parseLine(line);
        FUZZ_CHECK(expected && header != headers.end());
        FUZZ_CHECK(header->name == expected->name && header->value == expected->value);
        const auto found = headers.find(expected->name);
        FUZZ_CHECK(found && found->data() <= header->value.data());
        ++header;
    }
    FUZZ_CHECK(header == headers.end());
}

/// What was read can be written, unless a name has spaces around it.
void checkAppend(const TextHeaders& headers, TextHeaders& copy) {
    copy.clear();
    std::size_t appended = 0;
    std::size_t count = 0;
    for (const TextHeader& header : headers) {
        error_code ec;
        copy.append(header.name, header.value, ec);
        FUZZ_CHECK(!ec == (header.name.front() != ' ' && header.name.back() != ' '));
        appended += ec ? 0 : 1;
        ++count;
    }
    FUZZ_CHECK(static_cast<std::size_t>(std::distance(copy.begin(), copy.end())) == appended);
    if (appended == count) FUZZ_CHECK(std::equal(copy.begin(), copy.end(), headers.begin(), headers.end()));
    const std::string_view before = copy.view();
    FUZZ_CHECK(tempeh::detail::TextBlock::normalise(copy) && copy.view() == before);
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(text_block) {
    using namespace tempeh::fuzz;
    static tempeh::TextHeaders copy;
    const Bytes block = input.first(std::min(input.size(), maxBlock));
    const std::string_view text = textOf(block);
    tempeh::TextHeaders headers;
    load(headers, block);
    const bool isValid = tempeh::detail::TextBlock::normalise(headers);
    FUZZ_CHECK(isValid == reference::isTextBlock(text));
    if (!isValid) return;
    FUZZ_CHECK(headers.view().starts_with(text));
    FUZZ_CHECK(headers.empty() || headers.view().ends_with("\r\n"));
    checkLines(headers, text);
    const std::size_t size = headers.sizeBytes();
    FUZZ_CHECK(tempeh::detail::TextBlock::normalise(headers) && headers.sizeBytes() == size);
    checkAppend(headers, copy);
}
