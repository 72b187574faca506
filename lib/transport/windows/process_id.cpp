#include "transport/process_id.hpp"

#include <process.h>

namespace tempeh::transport {

long processId() noexcept {
    return ::_getpid();
}

}  // namespace tempeh::transport
