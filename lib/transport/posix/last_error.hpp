#pragma once

#include <tempeh/message/status.hpp>

#include <boost/asio/error.hpp>

#include <cerrno>

namespace tempeh::transport {

/// What errno says.
inline error_code lastError() noexcept {
    return {errno, boost::asio::error::get_system_category()};
}

}  // namespace tempeh::transport
