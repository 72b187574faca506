#include "common.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
    return bench::runProgram("nng", argc, argv, bench::nng_peer::serve, bench::nng_peer::drive,
                             bench::nng_peer::handOver);
}
