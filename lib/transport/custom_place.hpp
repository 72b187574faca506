#pragma once

#include <tempeh/message/status.hpp>
#include <tempeh/wire/address.hpp>

#include <boost/asio/error.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace tempeh::transport {

/// The place in an address of this scheme, with which connecting or listening begins. Null with the reason if
/// the address is of something else, or `isOver`: the operation was cancelled. `Custom`: CustomClientAddress
/// or CustomServerAddress.
template <typename Custom>
const std::string* placeOf(const Address& address, std::string_view scheme, bool isOver,
                           error_code& ec) noexcept {
    const auto* const custom = std::get_if<Custom>(&address);
    ec.clear();
    if (custom == nullptr || custom->scheme != scheme) ec = Status::WrongAddress;
    if (isOver) ec = boost::asio::error::operation_aborted;
    return ec ? nullptr : &custom->place;
}

}  // namespace tempeh::transport
