#pragma once

#include <cstdint>
#include <string_view>

/// A transport that is no part of the library: connections in the memory of the process, `pipe|NAME`, between
/// engines on any threads. What it needs of the library is lib/transport alone, and nothing there knows it.
namespace tempeh::test {

inline constexpr std::string_view pipeScheme = "pipe";

/// Every engine of the process has it from now on; may be called again.
void addPipeTransport();

/// Times that a stream was written to where its traits do not allow it, in the whole process.
std::uint64_t pipeWritesOffTheirExecutor() noexcept;

}  // namespace tempeh::test
