// The whole of libtempeh_asio.so: defines what asio_state.hpp declares, for programs that do not define it
// themselves.

#include <boost/asio/detail/call_stack.hpp>

namespace boost::asio::detail {

class [[gnu::visibility("default")]] thread_context;  // as Asio declares them
class [[gnu::visibility("default")]] thread_info_base;

using ThreadNote = call_stack<thread_context, thread_info_base>::context;

#if defined(BOOST_ASIO_HAS_THREAD_KEYWORD_EXTENSION)
template BOOST_ASIO_THREAD_KEYWORD ThreadNote* keyword_tss_ptr<ThreadNote>::value_;
#else
template tss_ptr<ThreadNote> call_stack<thread_context, thread_info_base>::top_;
#endif

}  // namespace boost::asio::detail
