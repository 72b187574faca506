#include "transport/background_thread.hpp"

#include <utility>

namespace tempeh::transport {

std::thread startBackgroundThread(std::function<void()> work) {
    return std::thread(std::move(work));
}

}  // namespace tempeh::transport
