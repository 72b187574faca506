// A channel's send queue between messages and a socket that takes what it likes: the bytes come out exact
// and in order under any short writes, and what did not go out whole comes back as it was.

#include "core/channel/outbox.hpp"

#include "fuzz/support/fence.hpp"
#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/message_script.hpp"

#include <algorithm>
#include <deque>

namespace tempeh::fuzz {
namespace {

constexpr ChannelNumber channel = 77;
constexpr std::size_t scratchSize = wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;
constexpr std::size_t mostBytes = 1024 * 1024;  // of one run

class Sender {
public:
    explicit Sender(Bytes script) : input_(script) { expected().clear(); }

    void run() {
        while (!input_.empty() && expected().size() < mostBytes) {
            const unsigned action = input_.byte();
            if (action < 160)
                push(action);
            else if (action < 176 && outbox_.empty())
                pushBegun();
            else
                write(action);
            check();
        }
        input_.flag() ? drain() : takeBack();
    }

private:
    struct Posted {
        std::size_t end;   // in expected()
        bool hasUserData;  // comes back with it
        OpCode opCode;
    };

    static std::vector<std::byte>& expected() {
        static std::vector<std::byte> bytes;
        return bytes;
    }
    static core::BlockStock& stock() {
        static core::BlockStock blocks;
        return blocks;
    }

    MessagePtr make(unsigned action) {
        static constexpr std::array<OpCode, 8> opCodes{
            OpCode::Request, OpCode::Response,     OpCode::Signal,        OpCode::Signal,
            OpCode::Request, OpCode::HelloRequest, OpCode::HelloResponse, OpCode::ByeRequest};
        MessagePtr message = scriptedMessage(input_, opCodes[action % 8], ++lastId_);
        message->header.channelNumber = channel;
        if (action >= 128) message->userData = this;
        appendFrame(expected(), *message);
        posted_.push_back({expected().size(), message->userData != nullptr, message->header.opCode});
        return message;
    }

    void push(unsigned action) {
        MessagePtr message = make(action);
        outbox_.push(message, stock(), messagePool());
        FUZZ_CHECK(message == nullptr);
    }

    /// As after a write of another thread's that the kernel took a part of.
    void pushBegun() {
        MessagePtr message = make(0);
        const std::size_t frame = wire::frameSize(*message);
        const std::size_t begun = input_.word() % frame;
        outbox_.pushWritten(std::move(message), begun);
        written_ += begun;
    }

    /// The kernel takes a part, or all, or nothing.
    void write(unsigned action) {
        static Fence scratch(scratchSize);
        wire::FrameBatch batch(scratch.resize(scratchSize));
        outbox_.fill(batch);
        FUZZ_CHECK((batch.bytes() == 0) == outbox_.empty());
        FUZZ_CHECK(batch.bytes() <= expected().size() - written_);
        if (batch.bytes() < wire::FrameBatch::targetBytes / 2 &&
            batch.spans().size() < wire::FrameBatch::maxSpans / 2)
            FUZZ_CHECK(batch.bytes() == expected().size() - written_);
        std::size_t size = batch.bytes();
        if (action < 240) size = std::min<std::size_t>(size, action < 208 ? input_.byte() : input_.word());
        compare(batch, size);
        written_ += size;
        std::size_t kept = 0;
        const core::Outbox::Consumed done =
            outbox_.consume(size, stock(), [&](const MessagePtr& message) { kept += message != nullptr; });
        std::size_t messages = 0;
        std::size_t bytes = 0;
        while (!posted_.empty() && posted_.front().end <= written_) {
            bytes += posted_.front().end - wholeUpTo_;
            wholeUpTo_ = posted_.front().end;
            posted_.pop_front();
            ++messages;
        }
        FUZZ_CHECK(done.messages == messages && done.bytes == bytes && kept <= messages);
    }

    void compare(const wire::FrameBatch& batch, std::size_t size) const {
        const std::byte* at = expected().data() + written_;
        for (const Bytes part : batch.spans()) {
            const std::size_t taken = std::min(size, part.size());
            FUZZ_CHECK(taken == 0 || std::memcmp(part.data(), at, taken) == 0);
            at += taken;
            size -= taken;
        }
        FUZZ_CHECK(size == 0);
    }

    void check() const {
        FUZZ_CHECK(outbox_.messages() == posted_.size() && outbox_.empty() == posted_.empty());
        FUZZ_CHECK(outbox_.bytes() == expected().size() - wholeUpTo_);
    }

    void drain() {
        while (!outbox_.empty()) {
            write(255);
            check();
        }
        FUZZ_CHECK(written_ == expected().size());
    }

    void takeBack() {
        std::size_t lost = 0;
        MessageQueue messages = outbox_.takeAll(stock(), messagePool(), channel, lost);
        FUZZ_CHECK(lost == 0 && outbox_.empty() && outbox_.bytes() == 0);
        static std::vector<std::byte> back;
        back.clear();
        while (const MessagePtr message = messages.popFront()) {
            FUZZ_CHECK(!posted_.empty());
            FUZZ_CHECK(message->header.opCode == posted_.front().opCode);
            FUZZ_CHECK((message->userData == this) == posted_.front().hasUserData);
            appendFrame(back, *message);
            posted_.pop_front();
        }
        FUZZ_CHECK(posted_.empty());
        const Bytes rest = std::span<const std::byte>(expected()).subspan(wholeUpTo_);
        FUZZ_CHECK(std::equal(back.begin(), back.end(), rest.begin(), rest.end()));
    }

    Input input_;
    core::Outbox outbox_;
    std::deque<Posted> posted_;  // not sent whole
    std::size_t written_ = 0;    // of expected()
    std::size_t wholeUpTo_ = 0;  // where the first frame that is not sent whole begins
    MessageId lastId_ = 0;
};

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(outbox) {
    tempeh::fuzz::Sender(input).run();
}
