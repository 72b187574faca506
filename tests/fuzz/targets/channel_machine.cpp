// The life of a channel: any events in any order, a few bytes each, and what must hold of the answers
// whatever happened before.

#include "machines/channel_machine.hpp"

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"

namespace tempeh::fuzz {
namespace {

using namespace machines;

class Life {
public:
    explicit Life(Bytes script)
        : input_(script), side_(input_.flag() ? Side::Client : Side::Server), machine_(side_) {}

    void run() {
        FUZZ_CHECK(machine_.side() == side_);
        while (!input_.empty()) {
            const unsigned event = input_.byte();
            switch (event % 8) {
                case 0:
                    machine_.onConnected();
                    break;
                case 1:
                case 2:
                case 3:
                    frame(event >> 3U);
                    break;
                case 4:
                case 5:
                    post(static_cast<OpCode>((event >> 3U) % 10));
                    break;
                case 6:
                    written(static_cast<OpCode>((event >> 3U) % 10));
                    break;
                default:
                    if (event >= 128)
                        end(event >> 3U);
                    else
                        own(event >> 3U);
            }
            check();
        }
        end(0);
        check();
    }

private:
    void frame(unsigned choice) {
        const unsigned details = choice >= 16 ? input_.byte() : 0;
        const BinaryHeader header{.channelNumber = 1,
                                  .opCode = static_cast<OpCode>(choice % 16),
                                  .more = (details & 1) != 0,
                                  .messageId = (details & 2) != 0 ? 0U : 1U + details};
        const ChannelState before = machine_.state();
        const bool isPlain = machine_.isPlain(header);
        const FrameVerdict verdict = machine_.onFrame(header);
        if (isPlain) FUZZ_CHECK(verdict.action == FrameAction::Deliver && machine_.state() == before);
        if (isClosed_ || isInboundOver_) FUZZ_CHECK(verdict.action == FrameAction::Ignore);
        switch (verdict.action) {
            case FrameAction::Ignore:
                FUZZ_CHECK(isClosed_ || isInboundOver_);
                break;
            case FrameAction::Violation:
                FUZZ_CHECK(verdict.status != Status::Success);
                isInboundOver_ = true;
                break;
            case FrameAction::PeerCloses:
                FUZZ_CHECK(header.opCode == OpCode::ByeSignal);
                isInboundOver_ = true;
                break;
            case FrameAction::DeliverOweBye:
                FUZZ_CHECK(header.opCode == OpCode::ByeRequest && !wasByeOwed_ && !hasPostedResponse_);
                wasByeOwed_ = true;
                delivered(header);
                break;
            case FrameAction::DeliverAndEnd:
                FUZZ_CHECK(header.opCode == OpCode::ByeResponse);
                delivered(header);
                isInboundOver_ = true;
                break;
            case FrameAction::Deliver:
                delivered(header);
                break;
        }
    }

    void delivered(const BinaryHeader& header) {
        FUZZ_CHECK(crossesTheWire(header.opCode) && header.messageId != 0);
        FUZZ_CHECK(!header.more || isRegular(header.opCode));
        FUZZ_CHECK((header.opCode == OpCode::HelloRequest) == (side_ == Side::Server && !hasHeard_));
        if (side_ == Side::Client && !hasHeard_ && header.opCode == OpCode::ByeResponse)
            FUZZ_CHECK(hasPostedRequest_);
        hasHeard_ = true;
        machine_.onDelivered();
    }

    /// What this side wants or meets.
    void own(unsigned choice) {
        switch (choice % 8) {
            case 0:
                if (machine_.onDrain()) FUZZ_CHECK(!isClosed_ && machine_.onQueueEmpty() == EmptyAction::End);
                break;
            case 1:
                if (machine_.onDetach() == DetachAction::SendRest)
                    FUZZ_CHECK(machine_.onQueueEmpty() == EmptyAction::CloseGently);
                break;
            case 2:
                if (machine_.onWriteError(WriteError::Peer, true) == WriteErrorAction::AwaitEndOfInput)
                    hasWriteFailed_ = true;
                break;
            case 3:
                FUZZ_CHECK(machine_.onWriteError(WriteError::Cancelled, false) == WriteErrorAction::Nothing);
                break;
            default:
                deadline(choice);
        }
    }

    void deadline(unsigned bits) {
        const DeadlineVerdict verdict = machine_.onDeadline(
            machine_.deadline(),
            {.isUnwanted = false, .isDeaf = (bits & 1) != 0, .hasUnsent = (bits & 2) != 0, .isLate = false});
        FUZZ_CHECK((verdict.action == DeadlineAction::CloseStream) == isClosed_);
        if (machine_.deadline() == DeadlineKind::None && !isClosed_)
            FUZZ_CHECK(verdict.action == DeadlineAction::Nothing);
    }

    void post(OpCode opCode) {
        const ChannelState before = machine_.state();
        const bool isPlain = machine_.isPlain(opCode);
        const PostAction action = machine_.onPost(opCode);
        if (isPlain) FUZZ_CHECK(action == PostAction::Queue && machine_.state() == before);
        FUZZ_CHECK((action == PostAction::CloseNow) == (opCode == OpCode::ByeSignal));
        if (action != PostAction::Queue) return;
        // Nothing follows a last word, but a ByeResponse may follow our ByeRequest.
        FUZZ_CHECK(!isClosed_ && !hasPostedResponse_);
        FUZZ_CHECK(!hasPostedRequest_ || opCode == OpCode::ByeResponse);
        if (opCode == OpCode::ByeRequest) hasPostedRequest_ = true;
        if (opCode == OpCode::ByeResponse) hasPostedResponse_ = true;
    }

    void written(OpCode opCode) {
        const bool isLast = machine_.onWritten(opCode);
        FUZZ_CHECK(isLast == (opCode == OpCode::ByeResponse && !hasWriteFailed_));
        if (isLast) isInboundOver_ = true;
    }

    void end(unsigned choice) {
        const auto cause = static_cast<EndCause>(choice % 13);
        const bool helloUnsent = machine_.state() == ChannelState::Connecting;
        const Ending ending = machine_.onEnd(cause, static_cast<Status>(choice % 32));
        FUZZ_CHECK(!describe(cause).empty() && describe(cause) != "unknown");
        FUZZ_CHECK(ending.announce ==
                   (!isClosed_ && !machine_.isDetached() && (side_ == Side::Client || hasHeard_)));
        if (isClosed_ || side_ == Side::Server || hasHeard_) FUZZ_CHECK(!ending.returnHello);
        if (!isClosed_ && helloUnsent) FUZZ_CHECK(ending.returnHello);
        FUZZ_CHECK(ending.returnStatus != Status::Success);
        isClosed_ = true;
    }

    void check() {
        const ChannelState state = machine_.state();
        FUZZ_CHECK((state == ChannelState::Closed) == isClosed_);
        FUZZ_CHECK(nameOf(state) != "unknown");
        FUZZ_CHECK(state != ChannelState::AwaitingHello || (side_ == Side::Server && !hasHeard_));
        FUZZ_CHECK((state != ChannelState::Connecting && state != ChannelState::HelloSent) ||
                   (side_ == Side::Client && !hasHeard_));
        FUZZ_CHECK(!machine_.owesByeResponse() || (wasByeOwed_ && !hasPostedResponse_ && !isClosed_));
        checkDeadline(state);
        // The fast path is for an open channel without a last word alone.
        if (isInboundOver_ || isClosed_) FUZZ_CHECK(state != ChannelState::Open);
        if (hasPostedRequest_ || hasPostedResponse_ || isClosed_)
            FUZZ_CHECK(!machine_.isPlain(OpCode::Signal));
    }

    /// Whoever waits for the peer alone has a deadline.
    void checkDeadline(ChannelState state) const {
        const DeadlineKind kind = machine_.deadline();
        if (state == ChannelState::Closed) FUZZ_CHECK(kind == DeadlineKind::None);
        const bool isGoing = machine_.isDetached() || hasWriteFailed_;
        if (isGoing && !isClosed_) FUZZ_CHECK(kind == DeadlineKind::Linger || kind == DeadlineKind::PeerGone);
        if (isGoing) return;
        FUZZ_CHECK((kind == DeadlineKind::Connect) == (state == ChannelState::Connecting));
        FUZZ_CHECK((kind == DeadlineKind::Hello) == (state == ChannelState::AwaitingHello));
        if (state == ChannelState::Ending) FUZZ_CHECK(kind == DeadlineKind::Bye);
        const bool hasLastWord = hasPostedRequest_ || hasPostedResponse_;
        if (hasLastWord && !isClosed_) FUZZ_CHECK(kind != DeadlineKind::None);
    }

    Input input_;
    Side side_;
    ChannelMachine machine_;
    bool hasHeard_ = false;
    bool isInboundOver_ = false;
    bool isClosed_ = false;
    bool wasByeOwed_ = false;
    bool hasPostedRequest_ = false;
    bool hasPostedResponse_ = false;
    bool hasWriteFailed_ = false;
};

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(channel_machine) {
    tempeh::fuzz::Life(input).run();
}
