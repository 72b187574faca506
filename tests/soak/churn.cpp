// Groups and engines that come and go.

#include "soak/workers.hpp"

#include <deque>
#include <iostream>
#include <optional>
#include <sstream>
#include <thread>

namespace tempeh::soak {

using namespace std::chrono_literals;

namespace {

constexpr Duration patience = 30s;

/// One group with one channel, and every message posted to it.
class Talk {
public:
    Talk(Ampe& engine, const Address& address, Account& account)
        : engine_(engine), account_(account), group_(engine.createGroup()), channels_(group_.blocking()) {
        MessagePtr hello = engine_.get();
        format(address, *hello);
        channel_ = channels_.post(std::move(hello)).channelNumber;
    }

    void post(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            MessagePtr message = engine_.get();
            message->header.opCode = OpCode::Request;
            message->header.channelNumber = channel_;
            message->body.append(test::pattern(i * 7 % 2000));
            error_code ec;
            const BinaryHeader header = channels_.post(std::move(message), ec);
            if (ec == Status::SendQueueFull) break;
            if (ec) return;  // cut meanwhile
            ++account_.asked;
            pending_.push_back(header.messageId);
        }
    }

    /// Receives until the channel has ended, which it asks for when nothing is pending any more.
    void addUp(OpCode bye) {
        while (!isClosed_) {
            if (pending_.empty() && !isByeSaid_) sayBye(bye);
            const MessagePtr message = channels_.waitReceive(patience);
            if (message == nullptr) return give(account_.lost, pending_.size(), "nothing comes");
            take(*message);
        }
        if (account_.mayFail)
            account_.failed += pending_.size();
        else
            give(account_.lost, pending_.size(), "closed with requests unanswered");
        if (channels_.tryReceive() != nullptr) give(account_.wrong, 1, "something came after ChannelClosed");
    }

    std::size_t pending() const { return pending_.size(); }

private:
    void sayBye(OpCode opCode) {
        isByeSaid_ = true;
        MessagePtr message = engine_.get();
        message->header.opCode = opCode;
        message->header.channelNumber = channel_;
        error_code ec;  // cut meanwhile: its end comes
        channels_.post(std::move(message), ec);
    }

    void take(const Message& message) {
        if (message.header.opCode == OpCode::Response) {
            if (pending_.empty() || pending_.front() != message.header.messageId)
                return give(account_.wrong, 1, "an answer out of order, or twice");
            pending_.pop_front();
            ++account_.answered;
        } else if (message.header.opCode == OpCode::Request && message.isFromEngine()) {
            const std::size_t before = pending_.size();
            std::erase(pending_, message.header.messageId);
            if (pending_.size() + 1 != before || !account_.mayFail)
                give(account_.wrong, 1, "returned that should not be");
            ++account_.failed;
        } else if (message.isChannelClosed()) {
            isClosed_ = true;
        }
    }

    void give(std::atomic<std::uint64_t>& count, std::size_t by, std::string_view why) {
        if (by == 0) return;
        count += by;
        std::ostringstream line;
        line << "complaint " << account_.name << ": " << why << " (" << by << ")\n";
        std::cout << line.str() << std::flush;
    }

    Ampe& engine_;
    Account& account_;
    ChannelGroup group_;
    BlockingChannelGroup channels_;
    ChannelNumber channel_ = 0;
    std::deque<MessageId> pending_;
    bool isByeSaid_ = false;
    bool isClosed_ = false;
};

/// Destroyed with everything in flight: nobody adds up, but nothing may leak, hang or die.
void abandon(Ampe& engine, const Address& address, std::size_t count, std::string name) {
    Account nobody(std::move(name));
    Talk talk(engine, address, nobody);
    talk.post(count);
}

}  // namespace

void churn(Ampe* engine, Address address, Worker worker) {
    std::mt19937_64 dice(worker.seed);
    while (!*worker.isStopping) {
        const std::size_t count = dice() % 60;
        switch (dice() % 4) {
            case 0:
                abandon(*engine, address, count, worker.account->name);
                break;
            case 1:
                if (dice() % 4 == 0) {
                    Reactor another(Options{.lingerTimeout = 20ms});
                    abandon(another, address, count, worker.account->name);
                }
                break;
            default: {
                Talk talk(*engine, address, *worker.account);
                talk.post(count);
                talk.addUp(dice() % 3 == 0 ? OpCode::ByeSignal : OpCode::ByeRequest);
            }
        }
        ++worker.account->reconnects;
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + dice() % 30));
    }
}

}  // namespace tempeh::soak
