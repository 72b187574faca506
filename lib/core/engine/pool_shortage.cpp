#include "core/engine/pool_shortage.hpp"

#include "core/channel/close_notice.hpp"
#include "core/engine/engine.hpp"
#include "core/group/group.hpp"

#include <memory>
#include <new>
#include <utility>

namespace tempeh::core {

void PoolShortage::announce(const Channel& channel) {
    MessageQueue batch;
    batch.pushBack(makeNotice(engine_.pool().getReserved(), channel, Status::PoolEmpty));
    channel.group().poolEmptyNotices.add();
    warn(channel.group());  // first: whoever gets the notice may return messages at once
    channel.group().deliver(batch, false);
}

/// For logs: which group is stopped, and which one has the messages.
std::string PoolShortage::describe(const Group& group) const {
    std::string text = "group " + std::to_string(group.number);
    const ChannelPtr shown = engine_.channelTable().showcase(group.channels);
    if (shown == nullptr) return text;
    return text +
           (shown->isListener() ? " (listens on " + shown->addresses.local()
                                : " (to " + shown->addresses.peer()) +
           ", " + std::to_string(engine_.channelTable().count(group.channels)) + " channels)";
}

void PoolShortage::warn(const Group& group) noexcept try {
    if (!warnings_.pass(engine_.now())) return;
    const std::shared_ptr<Group> most = engine_.groups().findLargestHolder();
    const auto holds = [this](const Group& holder) {
        return describe(holder) + " holds " + std::to_string(holder.inbound.holds()) +
               " received messages, " + std::to_string(holder.mailbox().pending()) +
               " of them not yet received by the application";
    };
    std::string text = "the message pool is empty: " + std::to_string(engine_.pool().counters().outstanding) +
                       " messages are in use, Options::maxPoolMessages is " +
                       std::to_string(engine_.options().maxPoolMessages) + ". " + holds(group);
    if (most != nullptr && most->inbound.holds() > group.inbound.holds()) text += "; " + holds(*most);
    engine_.log().warn(
        text + ". Reading resumes when messages are released: answer or destroy received messages sooner.");
} catch (const std::bad_alloc&) {
    // The notice also tells the application.
}

}  // namespace tempeh::core
