# Helpers that lib/, tests/, samples/ and benchmarks/ share.

# tempeh_compile_settings(<target>): language level and warnings of the project's own sources.
function(tempeh_compile_settings target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:tempeh_warnings>)
endfunction()

# tempeh_join(<target>): its sources are compiled several at a time. What they have in unnamed namespaces must differ.
function(tempeh_join target)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC takes those of joined sources for those of headers.
        target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
endfunction()

# tempeh_precompile(<target> <owner> <header>...): the first target to ask creates the precompiled header, the
# others of the same <owner> name reuse it. All of them must be compiled with the same options.
function(tempeh_precompile target owner)
    get_target_property(isUnity ${target} UNITY_BUILD)
    if(NOT TEMPEH_PCH OR isUnity)
        return()
    endif()
    get_property(first GLOBAL PROPERTY TEMPEH_PCH_${owner})
    if(first)
        target_precompile_headers(${target} REUSE_FROM ${first})
    else()
        target_precompile_headers(${target} PRIVATE ${ARGN})
        set_property(GLOBAL PROPERTY TEMPEH_PCH_${owner} ${target})
    endif()
endfunction()

# tempeh_add_program(<target> <source>...): an executable that uses the library as its users do.
function(tempeh_add_program target)
    add_executable(${target} ${ARGN})
    tempeh_compile_settings(${target})
    target_link_libraries(${target} PRIVATE tempeh::tempeh)
endfunction()
