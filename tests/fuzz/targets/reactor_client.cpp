// A whole engine, its peers and its application; here the peers are connected to.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/reactor_script.hpp"

TEMPEH_FUZZ_TARGET(reactor_client) {
    using tempeh::fuzz::ReactorScript;
    ReactorScript(input, ReactorScript::Role::Client).run();
}
