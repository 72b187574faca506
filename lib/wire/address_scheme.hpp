#pragma once

#include <string_view>

namespace tempeh::wire {

/// Parses the addresses of a transport other than tcp and uds: the text `NAME|PLACE`. One object per scheme,
/// in static storage and constant once added.
class AddressScheme {
public:
    /// Whether a place (the text after the bar; it contains no control characters) is well-formed. Any
    /// thread; depends on nothing but the text.
    using Check = bool (*)(std::string_view place, bool isServer) noexcept;

    constexpr AddressScheme(std::string_view name, Check check) noexcept : name_(name), check_(check) {}
    AddressScheme(const AddressScheme&) = delete;
    AddressScheme& operator=(const AddressScheme&) = delete;

    std::string_view name() const noexcept { return name_; }
    bool accepts(std::string_view place, bool isServer) const noexcept { return check_(place, isServer); }

private:
    friend bool addScheme(AddressScheme& scheme) noexcept;
    friend const AddressScheme* findScheme(std::string_view name) noexcept;

    const std::string_view name_;  // in static storage
    const Check check_;
    AddressScheme* next_ = nullptr;  // the scheme added before this one
};

/// From now on parseAddress() knows the scheme, process-wide and permanently. False: the name is already in
/// use, or is not a name (lower-case letters and digits, at least one). Any thread; lock-free.
bool addScheme(AddressScheme& scheme) noexcept;

/// Null: the scheme is none of the library's and was never added. Always null for tcp and uds, which
/// parseAddress() handles itself. Any thread; lock-free.
const AddressScheme* findScheme(std::string_view name) noexcept;

}  // namespace tempeh::wire
