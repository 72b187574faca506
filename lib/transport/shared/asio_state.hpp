#pragma once

// Included before any Asio header by every source of a shared libtempeh (lib/CMakeLists.txt sees to that).
//
// Asio records per thread which io_context it is running, and every inline Asio function in the process must
// see the same record. Otherwise an application's socket on the engine's context, or the engine's socket on
// the application's, follows a null pointer. libtempeh.so exports no Boost symbol, so it must not contain the
// record. This header declares it without a definition, so the dynamic linker finds it in the program or in
// libtempeh_asio.so. docs/decisions/shared_library.md explains it in full.

#include <boost/asio/detail/call_stack.hpp>

namespace boost::asio::detail {

class [[gnu::visibility("default")]] thread_context;  // as Asio declares them
class [[gnu::visibility("default")]] thread_info_base;

using TempehThreadNote = call_stack<thread_context, thread_info_base>::context;

// An explicit specialisation of a static member without an initialiser is a declaration.
#if defined(BOOST_ASIO_HAS_THREAD_KEYWORD_EXTENSION)
template <>
[[gnu::visibility(
    "default")]] BOOST_ASIO_THREAD_KEYWORD TempehThreadNote* keyword_tss_ptr<TempehThreadNote>::value_;
#else
template <>
[[gnu::visibility("default")]] tss_ptr<TempehThreadNote> call_stack<thread_context, thread_info_base>::top_;
#endif

}  // namespace boost::asio::detail
