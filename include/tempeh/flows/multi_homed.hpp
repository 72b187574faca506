#pragma once

#include <tempeh/flows/service_thread.hpp>

namespace tempeh::flows {

/// The name that ServiceThread had at first.
using MultiHomed = ServiceThread;

}  // namespace tempeh::flows
