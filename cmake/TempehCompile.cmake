# How this build compiles: warnings, sanitizers, compiler cache. Nothing here reaches the users of the library.

if(TEMPEH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(TEMPEH_CCACHE_PROGRAM ccache)
    find_program(TEMPEH_ENV_PROGRAM env)
    mark_as_advanced(TEMPEH_CCACHE_PROGRAM TEMPEH_ENV_PROGRAM)
    if(TEMPEH_CCACHE_PROGRAM AND TEMPEH_ENV_PROGRAM)
        # Without these ccache refuses to cache what uses a precompiled header.
        set(tempehSloppiness "pch_defines,time_macros,include_file_mtime,include_file_ctime")
        set(CMAKE_CXX_COMPILER_LAUNCHER "${TEMPEH_ENV_PROGRAM}" "CCACHE_SLOPPINESS=${tempehSloppiness}"
                                        "${TEMPEH_CCACHE_PROGRAM}")
    endif()
endif()

add_library(tempeh_warnings INTERFACE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(
        tempeh_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion
                                  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:TEMPEH_MAY_SHADOW>>>:-Wshadow>)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        # What a mutex guards is touched only while it is held (<tempeh/base/detail/mutex.hpp>).
        target_compile_options(tempeh_warnings INTERFACE -Wthread-safety)
    endif()
    # GCC 12 sees an overlapping copy in every `"text" + std::string` it inlines (GCC bug 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        target_compile_options(tempeh_warnings INTERFACE -Wno-restrict)
    endif()
    if(TEMPEH_WERROR)
        target_compile_options(tempeh_warnings INTERFACE -Werror)
    endif()
elseif(MSVC)
    target_compile_options(tempeh_warnings INTERFACE /W4 /permissive- /utf-8 $<$<BOOL:${TEMPEH_WERROR}>:/WX>)
endif()

# Sanitizers go to every target of this build, the library's consumers in the tree included.
if(TEMPEH_SANITIZE)
    string(REPLACE ";" "," tempehSanitizers "${TEMPEH_SANITIZE}")
    add_compile_options(-fsanitize=${tempehSanitizers} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${tempehSanitizers})
    if(tempehSanitizers MATCHES "undefined")
        # The vptr check opens a pipe to look at an object; it misfires when a test has used up the descriptors.
        add_compile_options(-fno-sanitize-recover=all -fno-sanitize=vptr)
    endif()
    if(tempehSanitizers MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Asio's fences are beside its atomics; GCC warns about each of them.
        add_compile_options(-Wno-tsan)
    endif()
endif()

# What libFuzzer steers by has to be in the library too.
if(TEMPEH_BUILD_FUZZERS)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "tempeh: TEMPEH_BUILD_FUZZERS needs Clang, which brings libFuzzer")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND TEMPEH_PCH)
    # The time stamp in a precompiled header would make every rebuild of it a different file to ccache.
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
