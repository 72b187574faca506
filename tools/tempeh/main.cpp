#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "commands/commands.hpp"

#include <csignal>
#include <exception>

namespace {

using namespace tool;

int complain(const Failure& failure) {
    if (*failure.what() != '\0') tool::complain(failure.what());
    return failure.code();
}

int run(int argc, char** argv) {
    try {
        CommandLine line;
        addListen(line);
        addConnect(line);
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
        return complain(failure);
    } catch (const std::exception& error) {
        tool::complain(error.what());
        return exitNegative;
    }
}

}  // namespace

int main(int argc, char** argv) {
    openMissingStandardFiles();
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write
    int code = run(argc, argv);
    try {
        OutputWriter::instance().finish();
    } catch (const Failure& failure) {
        if (code != exitOk) return code;  // it has been said
        code = complain(failure);
        try {
            OutputWriter::instance().finish();
        } catch (const Failure&) {
            return code;
        }
    }
    return code;
}
