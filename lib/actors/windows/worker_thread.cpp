#include "actors/worker_thread.hpp"

#include <utility>

namespace tempeh::actors::detail {

std::thread startWorkerThread(std::function<void()> work) {
    return std::thread(std::move(work));
}

}  // namespace tempeh::actors::detail
