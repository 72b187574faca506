#pragma once

#include <tempeh/message/status.hpp>

#include <boost/asio/error.hpp>

#include <cerrno>

namespace tempeh::transport {

/// errno as an error_code.
inline error_code lastError() noexcept {
    return {errno, boost::asio::error::get_system_category()};
}

}  // namespace tempeh::transport
