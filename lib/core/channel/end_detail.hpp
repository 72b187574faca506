#pragma once

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

namespace tempeh::core {

/// Additional information on why a channel ended. Stored in its original form: it becomes a text only where
/// the text can be left out when memory is short.
class EndDetail {
public:
    EndDetail() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): whatever there is to say
    /// `text` must outlive this object.
    EndDetail(std::string_view text) noexcept : text_(text) {}
    EndDetail(const char* text) noexcept : text_(text) {}
    EndDetail(const std::string& text) noexcept : text_(text) {}
    /// A system error. A Status is left out, as it is reported anyway.
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
