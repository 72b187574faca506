#include <tempeh/transport/configuration.hpp>

namespace tempeh::detail::configuration {

void builtWith(Rtti<hasTypeid>, Reactor<asioReactor>, HandlerTracking<tracksHandlers>, Threads<hasThreads>,
               Boost<BOOST_VERSION / 100>) noexcept {}

}  // namespace tempeh::detail::configuration
