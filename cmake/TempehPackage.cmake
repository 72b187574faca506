# Debian packages of what TempehInstall.cmake installs: cmake --preset deb && cmake --build --preset deb && cpack --preset deb
set(CPACK_PACKAGE_VENDOR "tempeh")
set(CPACK_PACKAGE_CONTACT "The maintainers of tempeh <maintainers@tempeh.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "messages between processes as C++20 coroutines or plain threads")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL tempeh_development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/lib")
set(tempehExactly "(= ${PROJECT_VERSION})")

# Its name has the number of the soname in it, so that both of two releases that break the binary interface fit.
get_target_property(tempehSoname tempeh SOVERSION)
set(tempehRuntime "libtempeh${tempehSoname}")
set(tempehDevelopmentNeeds "libboost${Boost_MAJOR_VERSION}.${Boost_MINOR_VERSION}-dev, libfmt-dev, libspdlog-dev")
set(CPACK_DEBIAN_TEMPEH_DEVELOPMENT_PACKAGE_NAME libtempeh-dev)
set(CPACK_COMPONENT_TEMPEH_DEVELOPMENT_DESCRIPTION "headers, CMake package and pkg-config file")
if(BUILD_SHARED_LIBS)
    list(APPEND CPACK_COMPONENTS_ALL tempeh_runtime)
    set(CPACK_DEBIAN_TEMPEH_RUNTIME_PACKAGE_NAME ${tempehRuntime})
    set(CPACK_DEBIAN_TEMPEH_RUNTIME_PACKAGE_SECTION libs)
    set(CPACK_DEBIAN_TEMPEH_RUNTIME_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_TEMPEH_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
    set(CPACK_COMPONENT_TEMPEH_RUNTIME_DESCRIPTION "the shared library")
    string(PREPEND tempehDevelopmentNeeds "${tempehRuntime} ${tempehExactly}, ")
    set(CPACK_DEBIAN_TEMPEH_TOOL_PACKAGE_DEPENDS "${tempehRuntime} ${tempehExactly}")
endif()
set(CPACK_DEBIAN_TEMPEH_DEVELOPMENT_PACKAGE_DEPENDS "${tempehDevelopmentNeeds}")

if(TARGET tempeh_tool)
    list(APPEND CPACK_COMPONENTS_ALL tempeh_tool)
    set(CPACK_DEBIAN_TEMPEH_TOOL_PACKAGE_NAME tempeh)
    set(CPACK_DEBIAN_TEMPEH_TOOL_PACKAGE_SECTION net)
    set(CPACK_DEBIAN_TEMPEH_TOOL_PACKAGE_SHLIBDEPS ON)
    set(CPACK_COMPONENT_TEMPEH_TOOL_DESCRIPTION "the command line tool")
endif()

# Each Debian package says its licence in a place of its own.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    foreach(component IN LISTS CPACK_COMPONENTS_ALL)
        string(TOUPPER ${component} name)
        install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
                DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${name}_PACKAGE_NAME}" RENAME copyright
                COMPONENT ${component})
    endforeach()
endif()

include(CPack)
