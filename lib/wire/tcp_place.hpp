#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/wire/address.hpp>

#include <optional>
#include <string_view>

namespace tempeh::wire {

/// The place of a TCP address: `HOST`, `HOST|` or `HOST|PORT`. Returns a TcpServerAddress or a
/// TcpClientAddress with the defaults filled in; nothing if it is malformed.
TEMPEH_EXPORT std::optional<Address> parseTcpPlace(std::string_view place, bool isServer);

}  // namespace tempeh::wire
