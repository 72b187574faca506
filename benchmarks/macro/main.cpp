#include "program.hpp"
#include "roles.hpp"

int main(int argc, char** argv) {
    return bench::runProgram("tempeh", argc, argv, bench::own::serve, bench::own::drive,
                             bench::own::handOver);
}
