#include "flows/peer/refusal.hpp"

#include "base/escape.hpp"
#include "flows/peer/error_detail.hpp"

#include <tempeh/flows/connect.hpp>
#include <tempeh/wire/address.hpp>

#include <string_view>

namespace tempeh::flows {

namespace {

class RefusalCategory final : public boost::system::error_category {
public:
    constexpr RefusalCategory() noexcept : error_category(categoryId) {}

    const char* name() const noexcept override { return "tempeh.refusal"; }
    std::string message(int value) const override { return "refused with status " + std::to_string(value); }

private:
    // Equal in every copy of the library inside one process.
    static constexpr unsigned long long categoryId = 0x5b7e10d94c62af38ULL;
};

constinit const RefusalCategory category;

}  // namespace

const boost::system::error_category& refusalCategory() noexcept {
    return category;
}

namespace detail {

std::string reasonGivenIn(const Message& message) {
    constexpr std::size_t longestReason = 200;
    std::string_view reason = message.textHeaders.find(wire::reasonHeader).value_or("");
    if (reason.empty()) reason = message.body.view();
    std::string text = base::escaped(reason.substr(0, longestReason));
    if (reason.size() > longestReason) text += "...";
    return text;
}

std::string refusalDetail(const std::string& server, const Message& response) {
    return placeAndCause(server, reasonGivenIn(response));
}

}  // namespace detail

}  // namespace tempeh::flows
