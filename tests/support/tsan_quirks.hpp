#pragma once

#include "support/scale.hpp"

/// What the thread sanitizer cannot see, so that it reports races where none are. One source of a test
/// executable includes this for all of them.
///
/// - Asio's reference counts use fences, which it does not follow.
/// - The count of std::exception_ptr (futures) is in libstdc++.so, which is not instrumented.
#ifdef TEMPEH_TEST_SANITIZED
extern "C" __attribute__((used, visibility("default"))) inline const char* __tsan_default_suppressions() {
    return "race:boost::asio::execution::detail::shared_target_executor\n"
           "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
