// One gathered write: any messages, any of them begun before. Input: bytes to skip of the first, then a few
// bytes a message.

#include "wire/frame_batch.hpp"

#include "fuzz/support/fence.hpp"
#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/message_script.hpp"

#include <tempeh/message/message_queue.hpp>

#include <algorithm>

namespace tempeh::fuzz {
namespace {

using wire::FrameBatch;

constexpr std::size_t scratchSize = FrameBatch::targetBytes + 65'535 + BinaryHeader::wireSize;

void checkSpans(const FrameBatch& batch, std::span<const std::byte> expected) {
    FUZZ_CHECK(batch.spans().size() <= FrameBatch::maxSpans);
    FUZZ_CHECK(batch.bytes() == expected.size());
    for (const std::span<const std::byte> part : batch.spans()) {
        FUZZ_CHECK(!part.empty() && part.size() <= expected.size());
        FUZZ_CHECK(std::memcmp(part.data(), expected.data(), part.size()) == 0);
        expected = expected.subspan(part.size());
    }
    FUZZ_CHECK(expected.empty());
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(frame_batch) {
    using namespace tempeh;
    static std::vector<std::byte> expected;
    static fuzz::Fence scratch(fuzz::scratchSize);
    fuzz::Input script(input);
    const std::size_t tight = script.flag() ? 0 : script.word();
    fuzz::FrameBatch batch(scratch.resize(fuzz::scratchSize - tight));
    MessageQueue messages;
    expected.clear();
    std::size_t skip = script.flag() ? script.word() : 0;
    for (MessageId id = 1; !script.empty(); ++id) {
        MessagePtr message = fuzz::scriptedMessage(script, static_cast<OpCode>(id % 7), id);
        skip = std::min(skip, wire::frameSize(*message) - 1);
        const std::size_t before = expected.size();
        const bool wasEmpty = batch.empty();
        if (!batch.add(*message, skip)) {
            FUZZ_CHECK(!wasEmpty || tight != 0);
            break;
        }
        fuzz::appendFrame(expected, *message);
        const auto begun = expected.begin() + static_cast<std::ptrdiff_t>(before);
        expected.erase(begun, begun + static_cast<std::ptrdiff_t>(skip));
        skip = 0;
        messages.pushBack(std::move(message));
    }
    fuzz::checkSpans(batch, expected);
    batch.clear();
    FUZZ_CHECK(batch.empty() && batch.spans().empty());
}
