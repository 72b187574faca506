#include "common.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
    return bench::runProgram("grpc", argc, argv, bench::grpc_peer::serve, bench::grpc_peer::drive);
}
