#include "program.hpp"
#include "roles.hpp"

int main(int argc, char** argv) {
    return bench::runProgram("raw_epoll", argc, argv, bench::raw::serve, bench::raw::drive);
}
