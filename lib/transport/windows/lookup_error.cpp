#include "transport/tcp/lookup_error.hpp"

#include <boost/asio/detail/socket_types.hpp>
#include <boost/asio/error.hpp>

namespace tempeh::transport {

namespace asio = boost::asio;

error_code lookupError(int code) noexcept {
    switch (code) {
        case 0:
            return {};
        case WSATRY_AGAIN:
            return asio::error::host_not_found_try_again;
        case WSANO_RECOVERY:
            return asio::error::no_recovery;
        case WSA_NOT_ENOUGH_MEMORY:
            return asio::error::no_memory;
        default:
            return asio::error::host_not_found;
    }
}

}  // namespace tempeh::transport
