#include <tempeh/testing/seeds.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>

namespace tempeh::testing {

namespace {

bool runSeed(const SimulationOptions& options, const std::function<void(SimulatedNetwork&)>& body,
             std::ostream& out) {
    SimulatedNetwork network(options);
    std::string what;
    try {
        body(network);
        return true;
    } catch (const std::exception& failure) {
        what = failure.what();
    } catch (...) {
        what = "an exception that is not a std::exception was thrown";
    }
    out << "seed " << options.seed << " failed: " << what << "\nlast events:\n"
        << network.traceTail() << "to reproduce: TEMPEH_SIM_SEED=" << options.seed << '\n';
    return false;
}

}  // namespace

bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                 const std::function<void(SimulatedNetwork&)>& body, std::ostream& out) {
    SimulationOptions mine = options;
    if (mine.seed == 0) mine.seed = 1;
    if (const char* text = std::getenv("TEMPEH_SIM_SEED"); text != nullptr) {
        mine.seed = std::strtoull(text, nullptr, 0);
        count = 1;
    }
    for (; count != 0; --count, ++mine.seed)
        if (!runSeed(mine, body, out)) return false;
    return true;
}

bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                 const std::function<void(SimulatedNetwork&)>& body) {
    return forEachSeed(count, options, body, std::cerr);
}

void require(bool condition, const char* text) {
    if (!condition) throw std::logic_error(text);
}

}  // namespace tempeh::testing
