#pragma once

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

namespace tempeh::core {

/// What else there is to say about the end of a channel. Kept as it came: a text of it is made where one can
/// do without when there is no memory.
class EndDetail {
public:
    EndDetail() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): whatever there is to say
    /// A text that lives as long as this.
    EndDetail(std::string_view text) noexcept : text_(text) {}
    EndDetail(const char* text) noexcept : text_(text) {}
    EndDetail(const std::string& text) noexcept : text_(text) {}
    /// What the system said; of a Status, which is told anyway, nothing.
    EndDetail(const error_code& ec) noexcept {
        if (ec.category() != statusCategory()) ec_ = ec;
    }
    // NOLINTEND(google-explicit-constructor)

    bool empty() const noexcept { return text_.empty() && !ec_; }
    /// Throws std::bad_alloc.
    std::string text() const { return ec_ ? ec_.message() : std::string(text_); }

private:
    std::string_view text_;
    error_code ec_;
};

}  // namespace tempeh::core
