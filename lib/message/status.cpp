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
#define TEMPEH_STATUS(number, name, reach, text) {#name, text},
    TEMPEH_STATUSES(TEMPEH_STATUS)
#undef TEMPEH_STATUS
}};

consteval bool doAllSayWhatToDo() {
    return std::ranges::all_of(texts, [](const Text& text) {
        return std::string_view(text.message).find("; ") != std::string_view::npos;
    });
}
static_assert(doAllSayWhatToDo(), "status_table.hpp: a text is \"What happened; what to do\"");

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
    // The same in every copy of the library in one process.
    static constexpr unsigned long long categoryId = 0x8d1f5c2a90e3b764ULL;
};

constinit const StatusCategory category;

/// The part before the detail.
std::string whatHappened(const error_code& ec) {
    if (ec.category() != category) return ec.message();
    const Text& known = textOf(ec.value());
    const std::string_view message = known.message;
    return std::string(known.name).append(": ").append(message.substr(0, message.find(';')));
}

/// The part after the detail. Valid for the life of the program.
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
