# For Windows on x86-64, from Linux: GCC for MinGW-w64 with POSIX threads, everything linked statically, programs run by
# Wine. TEMPEH_MINGW_PREFIX has the headers of Boost, fmt and spdlog and a GoogleTest; scripts/windows makes it.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_CXX_FLAGS_INIT -Wa,-mbig-obj)  # joined sources have more sections than an object file usually may
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
find_program(CMAKE_CROSSCOMPILING_EMULATOR NAMES wine64 wine-stable wine PATHS /usr/lib/wine)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TEMPEH_MINGW_PREFIX)
set(CMAKE_FIND_ROOT_PATH "${TEMPEH_MINGW_PREFIX}" /usr/x86_64-w64-mingw32)
set(CMAKE_PREFIX_PATH "${TEMPEH_MINGW_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
