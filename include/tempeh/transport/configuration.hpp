#pragma once

#include <tempeh/base/export.hpp>

#include <boost/asio/detail/config.hpp>
#include <boost/version.hpp>

/// Library and program share Asio's inline code. How its objects are laid out, found and compared depends on
/// what both were compiled with. If that differs, nothing fails at once; instead a coroutine is never
/// resumed, or memory is misread. Therefore the relevant configuration is part of a symbol that every source
/// refers to, and a program with another configuration does not link: "undefined reference to
/// tempeh::detail::configuration::builtWith(...)".
namespace tempeh::detail::configuration {

enum class AsioReactor { Select, DevPoll, Kqueue, Epoll, IoUring, Iocp };

#if defined(BOOST_ASIO_HAS_IOCP)
inline constexpr AsioReactor asioReactor = AsioReactor::Iocp;
#elif defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
inline constexpr AsioReactor asioReactor = AsioReactor::IoUring;
#elif defined(BOOST_ASIO_HAS_EPOLL)
inline constexpr AsioReactor asioReactor = AsioReactor::Epoll;
#elif defined(BOOST_ASIO_HAS_KQUEUE)
inline constexpr AsioReactor asioReactor = AsioReactor::Kqueue;
#elif defined(BOOST_ASIO_HAS_DEV_POLL)
inline constexpr AsioReactor asioReactor = AsioReactor::DevPoll;
#else
inline constexpr AsioReactor asioReactor = AsioReactor::Select;
#endif

#if defined(BOOST_ASIO_NO_TYPEID)
inline constexpr bool hasTypeid = false;
#else
inline constexpr bool hasTypeid = true;
#endif

#if defined(BOOST_ASIO_ENABLE_HANDLER_TRACKING) || defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
inline constexpr bool tracksHandlers = true;
#else
inline constexpr bool tracksHandlers = false;
#endif

#if defined(BOOST_ASIO_HAS_THREADS)
inline constexpr bool hasThreads = true;
#else
inline constexpr bool hasThreads = false;
#endif

template <bool typeidIsUsed>
struct Rtti {};
template <AsioReactor reactor>
struct Reactor {};
template <bool areTracked>
struct HandlerTracking {};
template <bool areUsed>
struct Threads {};
/// BOOST_VERSION without the patch level.
template <int version>
struct Boost {};

TEMPEH_EXPORT void builtWith(Rtti<hasTypeid>, Reactor<asioReactor>, HandlerTracking<tracksHandlers>,
                             Threads<hasThreads>, Boost<BOOST_VERSION / 100>) noexcept;

/// The reference. Costs one pointer per source.
[[gnu::used]] static void (*const isTheSame)(Rtti<hasTypeid>, Reactor<asioReactor>,
                                             HandlerTracking<tracksHandlers>, Threads<hasThreads>,
                                             Boost<BOOST_VERSION / 100>) noexcept = &builtWith;

}  // namespace tempeh::detail::configuration
