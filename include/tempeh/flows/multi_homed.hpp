#pragma once

#include <tempeh/flows/service_thread.hpp>

namespace tempeh::flows {

/// The former name of ServiceThread.
using MultiHomed = ServiceThread;

}  // namespace tempeh::flows
