# What a user's project builds, however it got tempeh: a program, and its test on the simulated network, which alone has
# asked for tempeh::testing. TESTING=OFF: where that is not there.
option(TESTING "Build the test" ON)
enable_testing()

function(add_program name library)
    add_executable(${name} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${ARGN}")
    target_link_libraries(${name} PRIVATE ${library})
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 60)
endfunction()

add_program(consumer tempeh::tempeh main.cpp)
if(TESTING)
    add_program(simulated tempeh::testing simulated.cpp)
endif()
