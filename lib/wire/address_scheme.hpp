#pragma once

#include <string_view>

namespace tempeh::wire {

/// The addresses of a transport beside tcp and uds, as text: `NAME|PLACE`. One object per scheme, in static
/// storage and constant once it is added.
class AddressScheme {
public:
    /// Whether a place (what follows the bar; no control characters in it) is well-formed. Any thread; looks
    /// at nothing but the text.
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
    AddressScheme* next_ = nullptr;  // added before this one
};

/// From now on parseAddress() knows the scheme, in the whole process and for good. False: the name is taken,
/// or none (lower-case letters and digits, at least one). Any thread; takes no lock.
bool addScheme(AddressScheme& scheme) noexcept;

/// Null: nobody added it, as always for tcp and uds, which parseAddress() knows itself. Any thread; takes no
/// lock.
const AddressScheme* findScheme(std::string_view name) noexcept;

}  // namespace tempeh::wire
