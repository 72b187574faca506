#pragma once

#include "cli/command_line.hpp"

namespace tool {

// One subcommand each, described and run by the source of its name.

void addListen(CommandLine& line);
void addConnect(CommandLine& line);
void addRequest(CommandLine& line);
void addSignal(CommandLine& line);
void addPing(CommandLine& line);
void addBench(CommandLine& line);
void addCheck(CommandLine& line);
void addDecode(CommandLine& line);
void addForward(CommandLine& line);
void addCompletion(CommandLine& line);

}  // namespace tool
