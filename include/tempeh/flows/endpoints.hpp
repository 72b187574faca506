#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/wire/address.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace tempeh::flows {

/// In which order several addresses of one peer are tried.
enum class EndpointOrder : std::uint8_t {
    InOrder,   ///< As they are given: the first is preferred.
    Shuffled,  ///< In a random order of this client's own, so that many clients spread over the servers.
};

/// What Endpoints are made of: an address, or the text of one.
template <typename T>
concept EndpointLike =
    std::convertible_to<const T&, Address> || std::convertible_to<const T&, std::string_view>;

/// The addresses at which one peer can be reached (replicas, two networks). Made in place, in a call:
/// `connect(engine, {TcpClientAddress{"one"}, TcpClientAddress{"two"}})`, or of a vector.
class Endpoints {
public:
    /// Two or more. (No std::initializer_list, which GCC 12 does not compile in a co_await expression.)
    /// Throws Error(InvalidAddress) for a text that is no client's address.
    template <EndpointLike First, EndpointLike Second, EndpointLike... More>
    // NOLINTNEXTLINE(google-explicit-constructor): braces in a call
    Endpoints(const First& first, const Second& second, const More&... more) {
        addresses_.reserve(2 + sizeof...(More));
        add(first);
        add(second);
        (add(more), ...);
    }
    /// Any number. The functions that take Endpoints throw Error(InvalidAddress) for none.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    Endpoints(std::vector<Address> addresses) noexcept : addresses_(std::move(addresses)) {}

    /// In the order in which they were given.
    const std::vector<Address>& addresses() const noexcept { return addresses_; }

private:
    template <EndpointLike One>
    void add(const One& one) {
        if constexpr (std::convertible_to<const One&, Address>)
            addresses_.push_back(one);
        else
            addText(one);
    }
    TEMPEH_EXPORT void addText(std::string_view text);

    std::vector<Address> addresses_;
};

}  // namespace tempeh::flows
