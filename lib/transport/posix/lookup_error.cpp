#include "transport/tcp/lookup_error.hpp"

#include "transport/posix/last_error.hpp"

#include <netdb.h>

namespace tempeh::transport {

namespace asio = boost::asio;

error_code lookupError(int code) noexcept {
    switch (code) {
        case 0:
            return {};
        case EAI_AGAIN:
            return asio::error::host_not_found_try_again;
        case EAI_FAIL:
            return asio::error::no_recovery;
        case EAI_MEMORY:
            return asio::error::no_memory;
        case EAI_SYSTEM:
            return lastError();
        default:
            return asio::error::host_not_found;
    }
}

}  // namespace tempeh::transport
