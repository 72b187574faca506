// Entry points of a program with libFuzzer and one target.

#include "fuzz/support/fuzz_target.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const tempeh::fuzz::Registration& target = *tempeh::fuzz::registrations();
    tempeh::fuzz::currentTarget() = target.name;
    target.function(std::as_bytes(std::span(data, size)));
    return 0;
}
