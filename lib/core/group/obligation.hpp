#pragma once

#include <tempeh/message/op_code.hpp>

#include <cstdint>

namespace tempeh::core {

/// Recorded in a message that the engine hands to an application (Message's obligation field): what the
/// engine must do when the application is done with it. Packed into 64 bits; 0 is "nothing".
class Obligation {
public:
    enum class Kind : std::uint8_t {
        None = 0,
        AnswerBye = 1,    ///< A ByeRequest: if it is dropped unanswered, the engine sends the ByeResponse.
        CloseNotice = 2,  ///< A ChannelClosed: once it is taken from the mailbox, the number is free.
        Update = 3,       ///< An updateReceiver(): counted until it is taken from the mailbox.
    };

    constexpr Obligation() noexcept = default;
    constexpr explicit Obligation(std::uint64_t raw) noexcept : raw_(raw) {}
    constexpr Obligation(Kind kind, ChannelNumber channel, std::uint32_t generation) noexcept
        : raw_(std::uint64_t{static_cast<std::uint8_t>(kind)} << 56 | std::uint64_t{channel} << 32 |
               generation) {}

    constexpr Kind kind() const noexcept { return static_cast<Kind>(raw_ >> 56); }
    constexpr ChannelNumber channel() const noexcept { return static_cast<ChannelNumber>(raw_ >> 32); }
    /// Distinguishes the channels that have had this number.
    constexpr std::uint32_t generation() const noexcept { return static_cast<std::uint32_t>(raw_); }
    constexpr std::uint64_t raw() const noexcept { return raw_; }

private:
    std::uint64_t raw_ = 0;
};

}  // namespace tempeh::core
