# Tests and programs that use processes, signals or namespaces.

# --- two network namespaces and a cable: its own program, because it is its own server as well ----------------------
file(GLOB networkSources CONFIGURE_DEPENDS network/*.cpp)
add_executable(network ${networkSources})
tempeh_compile_settings(network)
target_link_libraries(network PRIVATE tempeh_test_support tempeh_internal GTest::gmock)
tempeh_precompile(network tests ${testPrecompiled})
gtest_discover_tests(
    network
    TEST_PREFIX "network."
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${TEMPEH_TEST_TIMEOUT} LABELS network)

# What is run by hand is run without a sanitizer.
set(runByHand OFF)
if(TEMPEH_SANITIZE)
    set(runByHand ON)
endif()

# --- the soak: programs that scripts/soak runs ---------------------------------------------------------------------
file(GLOB soakSources CONFIGURE_DEPENDS soak/*.cpp)
add_executable(soak ${soakSources})
set_target_properties(soak PROPERTIES EXCLUDE_FROM_ALL ${runByHand})
tempeh_compile_settings(soak)
target_link_libraries(soak PRIVATE tempeh_test_support tempeh::tempeh)
tempeh_precompile(soak tests ${testPrecompiled})

# --- nuisances to servers in processes of their own ----------------------------------------------------------------
file(GLOB hostileSources CONFIGURE_DEPENDS support/hostile_peer/*.cpp)
add_executable(hostile_peer ${hostileSources})
tempeh_compile_settings(hostile_peer)
target_include_directories(hostile_peer PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_definitions(hostile PRIVATE TEMPEH_HOSTILE_PEER="$<TARGET_FILE:hostile_peer>")
add_dependencies(hostile hostile_peer)

# Run by hand: what the nuisances cost others in time.
add_executable(hostile_latency hostile_latency/main.cpp)
set_target_properties(hostile_latency PROPERTIES EXCLUDE_FROM_ALL ${runByHand})
tempeh_compile_settings(hostile_latency)
target_link_libraries(hostile_latency PRIVATE tempeh::tempeh fmt::fmt ${TEMPEH_SPDLOG_TARGET})
add_dependencies(hostile_latency hostile_peer)
