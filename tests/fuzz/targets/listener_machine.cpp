// The life of a listener: any events in any order.

#include "machines/listener_machine.hpp"

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"

namespace tempeh::fuzz {
namespace {

using namespace machines;

class Life {
public:
    explicit Life(Bytes script) : input_(script) {}

    void run() {
        while (!input_.empty()) {
            const unsigned event = input_.byte();
            if (event % 4 == 0)
                open(static_cast<Status>((event >> 2U) % 4 == 0 ? 0 : event >> 2U));
            else if (event % 4 == 1)
                end();
            else
                post(static_cast<OpCode>((event >> 2U) % 16));
            check();
        }
        end();
    }

private:
    void open(Status status) {
        const bool accepts = machine_.onOpened(status);
        FUZZ_CHECK(accepts == (!isListening_ && !isClosed_ && status == Status::Success));
        isListening_ = isListening_ || accepts;
    }
    void end() {
        FUZZ_CHECK(machine_.onEnd() == !isClosed_);
        isClosed_ = true;
    }
    void post(OpCode opCode) const {
        const ListenerState before = machine_.state();
        const ListenerVerdict verdict = machine_.onPost(opCode);
        FUZZ_CHECK(machine_.state() == before);
        const bool isBye = opCode == OpCode::ByeSignal || opCode == OpCode::ByeRequest;
        FUZZ_CHECK((verdict.action == ListenerAction::Close) == (isBye && !isClosed_));
        FUZZ_CHECK((verdict.action == ListenerAction::Refuse) == (verdict.status != Status::Success));
        if (isClosed_) FUZZ_CHECK(verdict.status == Status::InvalidChannelNumber);
    }
    void check() const {
        FUZZ_CHECK((machine_.state() == ListenerState::Closed) == isClosed_);
        FUZZ_CHECK((machine_.state() == ListenerState::Listening) == (isListening_ && !isClosed_));
        FUZZ_CHECK(machine_.owesWelcomeResponse() == (!isListening_ && !isClosed_));
        FUZZ_CHECK(nameOf(machine_.state()) != "unknown");
    }

    Input input_;
    ListenerMachine machine_;
    bool isListening_ = false;
    bool isClosed_ = false;
};

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(listener_machine) {
    tempeh::fuzz::Life(input).run();
}
