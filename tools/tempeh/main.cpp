#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"

#include <csignal>
#include <exception>

int main(int argc, char** argv) {
    using namespace tool;
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write
    try {
        CommandLine line;
        addListen(line);
        addRequest(line);
        addSignal(line);
        addPing(line);
        addBench(line);
        addCheck(line);
        addDecode(line);
        addForward(line);
        addCompletion(line);
        return line.run(argc, argv);
    } catch (const Failure& failure) {
        if (*failure.what() != '\0') complain(failure.what());
        return failure.code();
    } catch (const std::exception& error) {
        complain(error.what());
        return exitNegative;
    }
}
