#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/base/x11_macros.hpp>
#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/body.hpp>
#include <tempeh/message/status.hpp>
#include <tempeh/message/text_headers.hpp>

#include <boost/intrusive/slist_hook.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>

namespace tempeh {

class Message;

namespace detail {

class MessageAccess;
struct InboundAccount;

/// Where a message goes when its owner is done with it. Implemented by the pools.
class TEMPEH_EXPORT MessageHome {
public:
    /// Any thread. Takes the message over.
    virtual void giveBack(Message* message) noexcept = 0;

protected:
    ~MessageHome() = default;
};

TEMPEH_EXPORT void deleteMessage(Message* message) noexcept;

using MessageHook =
    boost::intrusive::slist_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// Returns a message to where it came from; any thread, also after its engine is gone.
struct MessageDeleter {
    void operator()(Message* message) const noexcept;
};

inline constexpr std::size_t messageAlignment = 64;  // bytes of a cache line

}  // namespace detail

/// The unit of exchange and the whole API of a conversation: what to do is in its header. Comes from
/// Ampe::get() or waitReceive(), is given away by post(). One thread at a time. Queueing never allocates.
///
/// Three cache lines: who it is and whose, then the buffers with the first 32 bytes of the body, then 64
/// more; a small message touches two.
class TEMPEH_EXPORT alignas(detail::messageAlignment) Message : public detail::MessageHook {
public:
    Message() noexcept = default;
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    /// What to do, with which channel, concerning which message.
    BinaryHeader header;

private:
    friend class detail::MessageAccess;
    friend struct detail::MessageDeleter;

    detail::MessageHome* home_ = nullptr;        // null: plain heap
    detail::InboundAccount* account_ = nullptr;  // the group it was received for, while it is out
    std::uint64_t obligation_ = 0;               // an answer the engine owes if the application gives none

public:
    /// The application's own; stays with the message in this process, comes back with it, never crosses the
    /// wire.
    void* userData = nullptr;
    TextHeaders textHeaders;  ///< `name:value` pairs; may be empty.
    Body body;                ///< Opaque bytes; may be empty.

    /// Who made it: this process's engine, or an application (this one or the peer's).
    bool isFromEngine() const noexcept { return header.origin == Origin::Engine; }
    bool isFromApplication() const noexcept { return header.origin == Origin::Application; }
    /// Whether further parts of the same value follow.
    bool hasMore() const noexcept { return header.more; }

    /// The engine's word when isFromEngine(); for an application's message Success (header.status is its
    /// own).
    Status status() const noexcept { return isFromEngine() ? statusFromRaw(header.status) : Status::Success; }

    /// True for the one message that ends a channel: the engine's Signal with status ChannelClosed, behind
    /// all else of that channel. It says why and with whom in `~reason` and `~peer`.
    bool isChannelClosed() const noexcept {
        return isFromEngine() && header.opCode == OpCode::Signal && status() == Status::ChannelClosed;
    }

    /// As new: header, text headers, body and userData cleared, capacity kept. Constant time.
    void reset() noexcept {
        header = BinaryHeader{};
        userData = nullptr;
        textHeaders.clear();
        body.clear();
    }
};

/// How much of a message dump() shows.
struct DumpOptions {
    std::size_t maxBodyBytes = 64;  ///< Of the body, from its start.
};

/// Several lines for people: the header, each text header, the start of the body in hex and ASCII. Control
/// characters are shown as `\xNN`. Every line ends in a newline.
TEMPEH_EXPORT std::string dump(const Message& message, DumpOptions options = {});

/// The one-line form of the header, with the true lengths.
TEMPEH_EXPORT std::string toString(const Message& message);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, const Message& message);

inline void detail::MessageDeleter::operator()(Message* message) const noexcept {
    if (message->home_ != nullptr) [[likely]]
        message->home_->giveBack(message);
    else
        deleteMessage(message);
}

/// Owns a message; move-only. Destroying it gives the message back to its pool: any thread, also after the
/// engine it came from is gone.
using MessagePtr = std::unique_ptr<Message, detail::MessageDeleter>;

}  // namespace tempeh
