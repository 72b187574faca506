#include <tempeh/message/status.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>

namespace tempeh {

namespace {

struct Text {
    std::string_view name;
    const char* message;  // what happened; what to do
};

constexpr std::array<Text, detail::statusCount> texts{{
    {"Success", "Done; nothing to do"},
    {"NotImplementedYet", "This engine does not offer the operation; use another way or a newer version"},
    {"WrongAddress",
     "The message has no address header of its kind; format a client address into a HelloRequest or a server "
     "address into a WelcomeRequest"},
    {"NotAllowed",
     "The operation is not allowed here and now; one waiter at a time, and blocking calls belong on another "
     "thread than the reactor's"},
    {"NullMessage", "There is no message in the pointer; get one from the engine and check it for null"},
    {"InvalidMessage",
     "The message or its text headers break the rules of the protocol; check names, values and order of "
     "messages "
     "on the side that made it"},
    {"InvalidOpCode",
     "The opcode is unknown or may not be used here; use one that the state of the channel allows"},
    {"InvalidHeadersLen",
     "The text headers are longer than 65,535 bytes; shorten them or move data into the body"},
    {"InvalidBodyLen",
     "The body is longer than 65,535 bytes; send it in parts, each but the last with the more flag"},
    {"InvalidMoreUsage",
     "The more flag is set on a message that cannot have it; use it only on Request, Response and Signal"},
    {"InvalidChannelNumber",
     "No open channel has this number; use the number that the Hello or Welcome got, until ChannelClosed"},
    {"InvalidChannelGroup",
     "The channel belongs to another group, or the handle is empty; use the group that opened it"},
    {"InvalidMessageId", "An answer has no message id; copy the id of the request it answers"},
    {"InvalidAddress",
     "The address is malformed; write tcp|HOST|PORT or uds|PATH, a path of at most 107 bytes, no control "
     "characters"},
    {"UdsPathNotFound",
     "Nothing exists at the path of the Unix socket; start the server first or correct the path"},
    {"NotificationDisabled", "Waking the engine is switched off; create a new engine"},
    {"NotificationFailed",
     "The engine could not be woken; check the process's limits and create a new engine"},
    {"PeerDisconnected", "The peer closed the connection; connect again if you still need it"},
    {"CommunicationFailed",
     "The connection broke or the peer stayed silent too long; connect again and check the network"},
    {"PoolEmpty",
     "All messages of the pool are in use and reading waits; release received messages or raise "
     "maxPoolMessages"},
    {"AllocationFailed", "There is no memory for the operation; release messages or lower the limits"},
    {"ReceiverUpdate", "A thread of this application called updateReceiver; handle what it tells"},
    {"ChannelClosed",
     "The channel has ended and its number is no longer valid; connect again if you still need it"},
    {"ShutdownStarted", "The engine is shutting down; stop posting and release its groups and messages"},
    {"ConnectFailed",
     "The connection could not be made; check that the server listens there and is reachable, then try "
     "again"},
    {"ListenFailed",
     "The address could not be listened on; check that it is free, local and permitted, or choose another"},
    {"AcceptFailed",
     "A connection could not be accepted; check the limit of open descriptors, the listener tries again"},
    {"SendFailed",
     "The message could not be sent whole; connect again and send it once more if it may repeat"},
    {"RecvFailed", "Reading from the connection failed; connect again and check the network"},
    {"SetsockoptFailed", "A socket option was refused by the system; check the options given to the engine"},
    {"ProcessingFailed",
     "The message was taken but handling it failed; see its text headers for the cause before trying again"},
    {"UnknownError", "Something without a status of its own failed; see ~reason and the log"},
    // tempeh's own
    {"SendQueueFull", "The channel's send queue is full; await waitWritable and post the message again"},
    {"TooManyChannels", "The engine has as many channels as it may; close some or raise maxChannels"},
    {"Returned",
     "The message was not sent, because this side closed the channel or had said bye; post it on another "
     "channel if it still matters"},
    {"InvalidOption", "An option is out of its range; give it a value in that range"},
}};
static_assert(!texts.back().name.empty(), "each status needs a text");
static_assert(texts[detail::statusIndex(Status::SendQueueFull)].name == "SendQueueFull");

constexpr Text noText{"unknown", "This number is not a status of tempeh; check where the value comes from"};

constexpr const Text& textOf(int value) noexcept {
    if (value < 0 || !detail::isStatus(static_cast<std::size_t>(value))) return noText;
    return texts[detail::statusIndex(static_cast<Status>(value))];
}

class StatusCategory final : public boost::system::error_category {
public:
    constexpr StatusCategory() noexcept : error_category(categoryId) {}

    const char* name() const noexcept override { return "tempeh"; }
    std::string message(int value) const override { return textOf(value).message; }
    const char* message(int value, char*, std::size_t) const noexcept override {
        return textOf(value).message;
    }

private:
    // Equal in every copy of the library inside one process.
    static constexpr unsigned long long categoryId = 0x8d1f5c2a90e3b764ULL;
};

constinit const StatusCategory category;

/// What comes before the detail.
std::string whatHappened(const error_code& ec) {
    if (ec.category() != category) return ec.message();
    const Text& known = textOf(ec.value());
    const std::string_view message = known.message;
    return std::string(known.name).append(": ").append(message.substr(0, message.find(';')));
}

/// What comes behind it; as long as the program runs.
std::string_view whatToDo(const error_code& ec) noexcept {
    if (ec.category() != category) return {};
    const std::string_view message = textOf(ec.value()).message;
    return message.substr(std::min(message.find(';'), message.size()));
}

std::string describe(const error_code& ec, const std::string& detail) {
    std::string text = whatHappened(ec);
    if (!detail.empty()) text.append(": ").append(detail);
    return text.append(whatToDo(ec));
}

}  // namespace

std::string_view nameOf(Status status) noexcept {
    return textOf(static_cast<int>(status)).name;
}

std::ostream& operator<<(std::ostream& out, Status status) {
    return out << nameOf(status);
}

const boost::system::error_category& statusCategory() noexcept {
    return category;
}

Error::Error(Status status) : Error(make_error_code(status)) {}
Error::Error(error_code ec) : Error(ec, std::string()) {}
Error::Error(error_code ec, const std::string& detail)
    : system_error(ec)
    , text_(describe(ec, detail))
    , detailStart_(whatHappened(ec).size() + (detail.empty() ? 0 : 2))
    , detailSize_(detail.size()) {}
Error::~Error() = default;

Status Error::status() const noexcept {
    const error_code ec = code();
    if (ec.category() != category || ec.value() < 0 || ec.value() > 0xff) return Status::UnknownError;
    return statusFromRaw(static_cast<std::uint8_t>(ec.value()));
}

const char* Error::what() const noexcept {
    return text_.what();
}

std::string_view Error::detail() const noexcept {
    return {text_.what() + detailStart_, detailSize_};
}

}  // namespace tempeh
