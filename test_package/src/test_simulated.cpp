#include <tempeh/testing.hpp>

#include <cstdlib>

int main() {
    tempeh::testing::SimulatedNetwork network;
    network.createEngine("here");
    network.runFor(std::chrono::hours(1));
    return network.now() == tempeh::TimePoint{} ? EXIT_FAILURE : EXIT_SUCCESS;
}
