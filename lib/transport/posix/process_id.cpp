#include "transport/process_id.hpp"

#include <unistd.h>

namespace tempeh::transport {

long processId() noexcept {
    return static_cast<long>(::getpid());
}

}  // namespace tempeh::transport
