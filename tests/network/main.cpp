#include "network/server_process.hpp"

#include <gtest/gtest.h>

#include <string_view>

int main(int count, char** words) {
    if (count == 3 && std::string_view(words[1]) == "--serve")
        return tempeh::test::serveUntilStdinEnds(words[2]);
    ::testing::InitGoogleTest(&count, words);
    return RUN_ALL_TESTS();
}
