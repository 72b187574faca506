#pragma once

#include <tempeh/wire/address.hpp>

#include <string>
#include <string_view>

namespace tool {

/// What people write for an address: `tcp|HOST|PORT`, `uds|PATH`, `tcp://HOST:PORT`, `HOST:PORT`, `HOST`,
/// `:PORT`, `[IPv6]:PORT`, the same after `tls:` or `tls://`, `tls|HOST|PORT`, `unix:PATH`, `unix://PATH`,
/// `@ABSTRACT`, `fd|NUMBER`, `fd:NUMBER`, or a path: one with a slash in it, one that ends in .sock, or a
/// socket that is there. Throws Failure(exitUsage).
tempeh::Address clientAddress(std::string_view text);
tempeh::Address serverAddress(std::string_view text);
/// Whether it says TLS.
bool isTlsAddress(std::string_view text);

/// `tcp|HOST|PORT` as `HOST:PORT`, `uds|PATH` as `unix:PATH`, `fd|NUMBER` as `fd:NUMBER`: a form that a shell
/// takes as it is, and that the functions above understand.
std::string pasteable(std::string_view address);

}  // namespace tool
