include(CMakePackageConfigHelpers)

set(tempehPackageDir "${CMAKE_INSTALL_LIBDIR}/cmake/tempeh")

install(TARGETS tempeh EXPORT tempehTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/tempeh" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp")
install(EXPORT tempehTargets NAMESPACE tempeh:: DESTINATION "${tempehPackageDir}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/tempehConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/tempehConfig.cmake" INSTALL_DESTINATION "${tempehPackageDir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tempehConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/tempehConfig.cmake" "${PROJECT_BINARY_DIR}/tempehConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/TempehFindBoost.cmake"
        DESTINATION "${tempehPackageDir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
