# What is installed, in parts that a distribution makes packages of: tempeh_runtime (the shared libraries),
# tempeh_development, tempeh_testing (the library for tests), tempeh_tls and tempeh_tls_runtime, tempeh_tool (tools/tempeh/CMakeLists.txt). Every path inside is relative: a prefix may be moved.
include(CMakePackageConfigHelpers)

set(tempehPackageDir "${CMAKE_INSTALL_LIBDIR}/cmake/tempeh")

set(tempehLibraries tempeh)
if(TARGET tempeh_asio)
    list(APPEND tempehLibraries tempeh_asio)
endif()
install(TARGETS ${tempehLibraries} EXPORT tempehTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_development
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_runtime
                NAMELINK_COMPONENT tempeh_development
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tempeh_runtime)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/tempeh" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT tempeh_development
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp" PATTERN "testing.hpp" EXCLUDE PATTERN "testing" EXCLUDE
        PATTERN "tls.hpp" EXCLUDE PATTERN "tls" EXCLUDE)
install(EXPORT tempehTargets NAMESPACE tempeh:: DESTINATION "${tempehPackageDir}" COMPONENT tempeh_development)

# After `--target tempeh` there is no such library, and the package says that it was made without.
install(TARGETS tempeh_testing_library EXPORT tempehTestingTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_testing OPTIONAL
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_testing OPTIONAL
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tempeh_testing OPTIONAL)
install(FILES "${PROJECT_SOURCE_DIR}/include/tempeh/testing.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tempeh"
        COMPONENT tempeh_testing)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/tempeh/testing" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tempeh"
        COMPONENT tempeh_testing
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT tempehTestingTargets NAMESPACE tempeh:: DESTINATION "${tempehPackageDir}" COMPONENT tempeh_testing)

# tempeh::actors; its headers are among the others.
install(TARGETS tempeh_actors_library EXPORT tempehActorsTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_development OPTIONAL
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_runtime OPTIONAL
                NAMELINK_COMPONENT tempeh_development
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tempeh_runtime OPTIONAL)
install(EXPORT tempehActorsTargets NAMESPACE tempeh:: DESTINATION "${tempehPackageDir}" COMPONENT tempeh_development)

if(TEMPEH_TLS)
    install(TARGETS tempeh_tls_library EXPORT tempehTlsTargets
            ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_tls OPTIONAL
            LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT tempeh_tls_runtime OPTIONAL
                    NAMELINK_COMPONENT tempeh_tls
            RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tempeh_tls_runtime OPTIONAL)
    install(FILES "${PROJECT_SOURCE_DIR}/include/tempeh/tls.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tempeh"
            COMPONENT tempeh_tls)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/tempeh/tls" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tempeh"
            COMPONENT tempeh_tls
            FILES_MATCHING PATTERN "*.hpp")
    install(EXPORT tempehTlsTargets NAMESPACE tempeh:: DESTINATION "${tempehPackageDir}" COMPONENT tempeh_tls)
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/tempehConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/tempehConfig.cmake" INSTALL_DESTINATION "${tempehPackageDir}"
                              PATH_VARS CMAKE_INSTALL_LIBDIR
                              NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tempehConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tempehConfig.cmake" "${PROJECT_BINARY_DIR}/tempehConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/TempehFindBoost.cmake"
        DESTINATION "${tempehPackageDir}" COMPONENT tempeh_development)

# A static library cannot say what it needs, so there the requirements are for everybody.
set(tempehPkgConfigDir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH tempehUpFromPkgConfig "/prefix/${tempehPkgConfigDir}" "/prefix")
set(tempehRequires "Requires")
set(tempehDefinition "")
set(tempehRpathLink "")
if(BUILD_SHARED_LIBS)
    set(tempehRequires "Requires.private")
    set(tempehDefinition " -DTEMPEH_SHARED")
    if(TARGET tempeh_asio)
        set(tempehRpathLink " -Wl,-rpath-link,\${libdir}")
    endif()
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/tempeh.pc.in" "${PROJECT_BINARY_DIR}/tempeh.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tempeh.pc" DESTINATION "${tempehPkgConfigDir}" COMPONENT tempeh_development)
configure_file("${CMAKE_CURRENT_LIST_DIR}/tempeh-actors.pc.in" "${PROJECT_BINARY_DIR}/tempeh-actors.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tempeh-actors.pc" DESTINATION "${tempehPkgConfigDir}" COMPONENT tempeh_development)
configure_file("${CMAKE_CURRENT_LIST_DIR}/tempeh-testing.pc.in" "${PROJECT_BINARY_DIR}/tempeh-testing.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tempeh-testing.pc" DESTINATION "${tempehPkgConfigDir}" COMPONENT tempeh_testing)
if(TEMPEH_TLS)
    configure_file("${CMAKE_CURRENT_LIST_DIR}/tempeh-tls.pc.in" "${PROJECT_BINARY_DIR}/tempeh-tls.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/tempeh-tls.pc" DESTINATION "${tempehPkgConfigDir}" COMPONENT tempeh_tls)
endif()

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT tempeh_development)
