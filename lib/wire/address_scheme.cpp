#include "wire/address_scheme.hpp"

#include <algorithm>
#include <atomic>

namespace tempeh::wire {

namespace {

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
    const AddressScheme* scheme = newest.load(std::memory_order_acquire);
    while (scheme != nullptr && scheme->name() != name)
        scheme = scheme->next_;
    return scheme;
}

}  // namespace tempeh::wire
