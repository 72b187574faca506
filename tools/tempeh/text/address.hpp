#pragma once

#include <tempeh/wire/address.hpp>

#include <string>
#include <string_view>

namespace tool {

/// What people write for an address: `tcp|HOST|PORT`, `uds|PATH`, `tcp://HOST:PORT`, `HOST:PORT`, `HOST`,
/// `:PORT`, `[IPv6]:PORT`, `unix:PATH`, `unix://PATH`, or a path with a slash in it. Throws
/// Failure(exitUsage).
tempeh::Address clientAddress(std::string_view text);
tempeh::Address serverAddress(std::string_view text);

}  // namespace tool
