# Shared by the build and by the installed package: Boost's own package file first, CMake's search as the fallback
# (newer CMake has none). Sets Boost_FOUND and TEMPEH_BOOST_TARGET.
macro(tempeh_find_boost)
    find_package(Boost 1.81 QUIET CONFIG)
    if(NOT Boost_FOUND AND EXISTS "${CMAKE_ROOT}/Modules/FindBoost.cmake")
        find_package(Boost 1.81 QUIET MODULE)
    endif()
    if(TARGET Boost::headers)
        set(TEMPEH_BOOST_TARGET Boost::headers)
    else()
        set(TEMPEH_BOOST_TARGET Boost::boost)
    endif()
endmacro()
