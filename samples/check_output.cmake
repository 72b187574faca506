# cmake -Dprogram=PROGRAM [-Darguments=ARGUMENTS] -Dexpected=FILE -P check_output.cmake: the program has to succeed and to print what is in FILE.
execute_process(COMMAND "${program}" ${arguments} RESULT_VARIABLE status OUTPUT_VARIABLE printed)
file(READ "${expected}" wanted)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "ended with ${status}, after printing:\n${printed}")
elseif(NOT printed STREQUAL wanted)
    message(FATAL_ERROR "printed:\n${printed}\nand not, as in ${expected}:\n${wanted}")
endif()
message(STATUS "printed:\n${printed}")
