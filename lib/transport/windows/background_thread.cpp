#include "transport/background_thread.hpp"

#include <thread>
#include <utility>

namespace tempeh::transport {

void startInBackground(std::function<void()> work) {
    std::thread(std::move(work)).detach();
}

}  // namespace tempeh::transport
