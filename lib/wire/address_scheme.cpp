#include "wire/address_scheme.hpp"

#include <algorithm>
#include <atomic>

namespace tempeh::wire {

namespace {

bool isMemPlace(std::string_view place, bool isServer) noexcept {
    constexpr std::size_t longest = 255;
    return (isServer || !place.empty()) && place.size() <= longest;
}

/// A number, or the name that systemd gave the descriptor (no colon, 255 bytes at most).
bool isFdPlace(std::string_view place, bool isServer) noexcept {
    constexpr std::string_view accepted = "accepted|";
    constexpr std::size_t longest = 255;
    if (isServer && place.starts_with(accepted)) place.remove_prefix(accepted.size());
    return !place.empty() && place.size() <= longest && place.find_first_of(":|") == std::string_view::npos;
}

/// The schemes of the library's own transports that have no parser of their own.
constinit const AddressScheme builtIn[] = {{"mem", &isMemPlace}, {"fd", &isFdPlace}};

/// The scheme added last. Schemes are never removed, so reading the list needs no lock.
constinit std::atomic<AddressScheme*> newest{nullptr};

bool isName(std::string_view name) noexcept {
    const auto isOfName = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && std::ranges::all_of(name, isOfName) && name != "tcp" && name != "uds";
}

}  // namespace

bool addScheme(AddressScheme& scheme) noexcept {
    if (!isName(scheme.name())) return false;
    AddressScheme* before = newest.load(std::memory_order_acquire);
    do {
        if (findScheme(scheme.name()) != nullptr) return false;
        scheme.next_ = before;
    } while (!newest.compare_exchange_weak(before, &scheme, std::memory_order_acq_rel));
    return true;
}

const AddressScheme* findScheme(std::string_view name) noexcept {
    for (const AddressScheme& scheme : builtIn)
        if (scheme.name() == name) return &scheme;
    const AddressScheme* scheme = newest.load(std::memory_order_acquire);
    while (scheme != nullptr && scheme->name() != name)
        scheme = scheme->next_;
    return scheme;
}

}  // namespace tempeh::wire
