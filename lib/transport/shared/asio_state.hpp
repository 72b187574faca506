#pragma once

// Read before anything else of Asio's, by every source of a shared libtempeh (lib/CMakeLists.txt says so).
//
// Asio notes per thread which io_context it is running, and every inline function of Asio's in the process
// has to see the same note: an application's socket on the engine's context, or the engine's on the
// application's, follows a null pointer otherwise. libtempeh.so shows no symbol of Boost's, so the note is
// not in it: declared without a definition here, it is found in the program or in libtempeh_asio.so.
// docs/decisions/shared_library.md has the whole story.

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
