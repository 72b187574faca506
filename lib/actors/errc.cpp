#include <tempeh/actors/errc.hpp>

#include <array>
#include <cstddef>
#include <ostream>

namespace tempeh::actors {

namespace {

struct Row {
    std::string_view name;
    std::string_view text;
};

constexpr std::array rows{
    Row{"Success", "it worked"},
    Row{"MailboxFull",
        "the actor's mailbox is full; send() waits for room, MailboxOptions::capacity makes more"},
    Row{"Stopped", "the actor has ended; watch() tells when that happens"},
    Row{"NotFound", "there is no such actor; check the name and the type, and that it was spawned"},
    Row{"Timeout", "it took too long; the actor may still handle the message"},
    Row{"HandlerFailed", "the actor failed while it had the message; its log line has the cause"},
    Row{"Refused", "the actor refused the message"},
    Row{"Deadlock",
        "the actors wait for each other; let one of them ask in a task of its own (Context::start)"},
    Row{"Unreachable", "the actor's node cannot be reached"},
    Row{"ShuttingDown", "the actor system is being stopped"},
};

const Row& rowOf(int value) noexcept {
    static constexpr Row unknown{"unknown", "unknown"};
    return value >= 0 && static_cast<std::size_t>(value) < rows.size() ? rows[static_cast<std::size_t>(value)]
                                                                       : unknown;
}

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "tempeh.actors"; }
    std::string message(int value) const override { return std::string(rowOf(value).text); }
};

std::string textOf(Errc errc, std::string_view detail) {
    std::string text(nameOf(errc));
    text += ": ";
    text += detail.empty() ? rowOf(static_cast<int>(errc)).text : detail;
    return text;
}

}  // namespace

std::string_view nameOf(Errc errc) noexcept {
    return rowOf(static_cast<int>(errc)).name;
}

std::ostream& operator<<(std::ostream& out, Errc errc) {
    return out << nameOf(errc);
}

const boost::system::error_category& actorsCategory() noexcept {
    static const Category category;
    return category;
}

Error::Error(Errc errc, std::string_view detail)
    : system_error(make_error_code(errc)), text_(textOf(errc, detail)) {}
Error::~Error() = default;

Refusal::~Refusal() = default;

}  // namespace tempeh::actors
