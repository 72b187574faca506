# What the library itself needs. Boost headers only: Asio, System and Intrusive need no compiled part.

# Whoever takes tempeh in as a subdirectory links these too, from a directory above.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

include("${CMAKE_CURRENT_LIST_DIR}/TempehFindBoost.cmake")
tempeh_find_boost()
if(NOT Boost_FOUND)
    message(FATAL_ERROR "tempeh needs the headers of Boost 1.81 or newer (Debian: libboost1.81-dev)")
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
# Another project is not made to look for OpenSSL: there it is OFF until somebody says ON.
if(PROJECT_IS_TOP_LEVEL OR TEMPEH_TLS)
    find_package(OpenSSL 3.0 QUIET)
endif()
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)

set(tempehHasOpenSsl OFF)
if(TARGET OpenSSL::SSL)
    set(tempehHasOpenSsl ON)
endif()
option(TEMPEH_TLS "Build tempeh::tls, TLS with OpenSSL 3.0 or newer" ${tempehHasOpenSsl})
if(TEMPEH_TLS AND NOT TARGET OpenSSL::SSL)
    message(FATAL_ERROR "tempeh: TEMPEH_TLS needs OpenSSL 3.0 or newer (Debian: libssl-dev)")
endif()

# ThreadSanitizer has to see spdlog's own synchronisation, which the packaged binary hides from it.
if(TEMPEH_SANITIZE MATCHES "thread" AND TARGET spdlog::spdlog_header_only)
    set(TEMPEH_SPDLOG_TARGET spdlog::spdlog_header_only)
else()
    set(TEMPEH_SPDLOG_TARGET spdlog::spdlog)
endif()
