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

/// Where a message goes when its owner destroys it. The pools implement it.
class TEMPEH_EXPORT MessageHome {
public:
    /// Takes the message over. Any thread.
    virtual void giveBack(Message* message) noexcept = 0;

protected:
    ~MessageHome() = default;
};

TEMPEH_EXPORT void deleteMessage(Message* message) noexcept;

using MessageHook =
    boost::intrusive::slist_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// Returns a message to where it came from. Any thread, even after its engine is gone.
struct MessageDeleter {
    void operator()(Message* message) const noexcept;
};

inline constexpr std::size_t messageAlignment = 64;  // bytes of a cache line

}  // namespace detail

/// The unit of exchange, and all there is to the API of a conversation: the header says what to do. Messages
/// come from Ampe::get() or waitReceive(), and post() takes them. One thread at a time. Queueing a message
/// never allocates.
///
/// It takes three cache lines: identity and ownership, then the buffers with the first 32 bytes of the body,
/// then 64 more. A small message touches two.
class TEMPEH_EXPORT alignas(detail::messageAlignment) Message : public detail::MessageHook {
public:
    Message() noexcept = default;
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    /// What to do, on which channel, and which message it concerns.
    BinaryHeader header;

private:
    friend class detail::MessageAccess;
    friend struct detail::MessageDeleter;

    detail::MessageHome* home_ = nullptr;        // null: plain heap
    detail::InboundAccount* account_ = nullptr;  // the group it was received for, while it is out
    std::uint64_t obligation_ = 0;  // an answer that the engine owes if the application gives none

public:
    /// The application's own. Stays with the message inside this process, comes back with it, and never
    /// crosses the wire.
    void* userData = nullptr;
    TextHeaders textHeaders;  ///< `name:value` pairs; may be empty.
    Body body;                ///< Opaque bytes; may be empty.

    /// Its maker: this process's engine, or an application (this one or the peer's).
    bool isFromEngine() const noexcept { return header.origin == Origin::Engine; }
    bool isFromApplication() const noexcept { return header.origin == Origin::Application; }
    /// Whether further parts of the same value follow.
    bool hasMore() const noexcept { return header.more; }

    /// What the engine reports, if isFromEngine(). Success for an application's message, whose header.status
    /// is its own.
    Status status() const noexcept { return isFromEngine() ? statusFromRaw(header.status) : Status::Success; }

    /// True for the one message that ends a channel: the engine's Signal with status ChannelClosed. It comes
    /// after everything else of that channel, and names the cause and the peer in `~reason` and `~peer`.
    bool isChannelClosed() const noexcept {
        return isFromEngine() && header.opCode == OpCode::Signal && status() == Status::ChannelClosed;
    }

    /// Makes it as new: clears header, text headers, body and userData, keeps the capacity. Constant time.
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

/// Several lines for people: the header, each text header, and the start of the body in hex and ASCII.
/// Control characters appear as `\xNN`. Every line ends in a newline.
TEMPEH_EXPORT std::string dump(const Message& message, DumpOptions options = {});

/// The header in one line, with the true lengths.
TEMPEH_EXPORT std::string toString(const Message& message);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, const Message& message);

inline void detail::MessageDeleter::operator()(Message* message) const noexcept {
    if (message->home_ != nullptr) [[likely]]
        message->home_->giveBack(message);
    else
        deleteMessage(message);
}

/// Owns a message. Move-only. Destroying it gives the message back to its pool: any thread, even after the
/// message's engine is gone.
using MessagePtr = std::unique_ptr<Message, detail::MessageDeleter>;

}  // namespace tempeh
