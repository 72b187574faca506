#include "sim/command_line.hpp"

#include <gtest/gtest.h>

/// The tests; or, with --seeds, as many seeds as one likes.
int main(int argc, char** argv) {
    if (tempeh::test::isCommandLine(argc, argv)) return tempeh::test::runCommandLine(argc, argv);
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
