#pragma once

#include <tempeh/message/message.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tempeh::flows::detail {

// Text headers of a stream. The first part says how far its writer goes ahead, if it listens to its reader.
// The reader signals, with the stream's id, how many parts it has read, or that it wants no more. A last part
// says that the value is incomplete.
inline constexpr std::string_view streamWindowHeader = "stream-window";
inline constexpr std::string_view streamReadHeader = "stream-read";
inline constexpr std::string_view streamStopHeader = "stream-stop";
inline constexpr std::string_view streamAbortedHeader = "stream-aborted";

/// The number in a text header; 0 without one.
inline std::uint64_t numberIn(const Message& message, std::string_view header) noexcept {
    const std::string_view text = message.textHeaders.find(header).value_or("");
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// A reader's signal to its writer: nothing but that header.
inline bool isStreamControl(const Message& signal) noexcept {
    const std::string_view text = signal.textHeaders.view();
    const auto isOnly = [text](std::string_view name) {
        return text.starts_with(name) && text.substr(name.size()).starts_with(':') &&
               text.find('\r') + 2 == text.size();
    };
    return signal.body.empty() && (isOnly(streamReadHeader) || isOnly(streamStopHeader));
}

/// What the reading side of one stream reports to its writer: how many parts were taken, once at the
/// beginning and then every half window.
class StreamWindow {
public:
    /// As the first part says. Without a window its writer does not listen, and nothing is ever due.
    void open(const Message& first) noexcept { parts_ = numberIn(first, streamWindowHeader); }
    bool isOpen() const noexcept { return parts_ != 0; }

    void onTaken() noexcept { ++taken_; }
    /// The part that was taken last waits again.
    void onReturned() noexcept { taken_ -= taken_ != 0 ? 1 : 0; }

    /// What to report now, if anything. It then counts as reported.
    std::optional<std::uint64_t> takeDue() noexcept {
        if (parts_ == 0) return std::nullopt;
        const std::uint64_t due = parts_ / 2 + parts_ % 2;
        // the writer hardly goes ahead before that
        const bool isFirst = !hasTold_ || (told_ == 0 && taken_ != 0);
        if (!isFirst && (taken_ < told_ || taken_ - told_ < due)) return std::nullopt;
        hasTold_ = true;
        told_ = taken_;
        return taken_;
    }
    /// It could not be reported.
    void onNotTold() noexcept { hasTold_ = false; }

private:
    std::uint64_t parts_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t told_ = 0;
    bool hasTold_ = false;
};

}  // namespace tempeh::flows::detail
