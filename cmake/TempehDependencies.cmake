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
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)

# ThreadSanitizer has to see spdlog's own synchronisation, which the packaged binary hides from it.
if(TEMPEH_SANITIZE MATCHES "thread" AND TARGET spdlog::spdlog_header_only)
    set(TEMPEH_SPDLOG_TARGET spdlog::spdlog_header_only)
else()
    set(TEMPEH_SPDLOG_TARGET spdlog::spdlog)
endif()
