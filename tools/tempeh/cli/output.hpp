#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tool {

enum class Paint : std::uint8_t { Good, Bad, Name, Faint };

/// Of standard input, output and error those that the caller has closed: otherwise the next file, socket or
/// pipe would be taken for one of them. Before anything else is opened.
void openMissingStandardFiles();

/// Writes all of it to a file's descriptor. Throws Failure when that cannot be done.
void writeAll(int descriptor, std::span<const std::byte> bytes);

/// Results: standard output, through OutputWriter. Throws Failure when it can no longer be written.
void print(std::string_view text);
void printLine(std::string text);

/// Everything that is no result: standard error, one line.
void note(const std::string& text);
/// As note(), with the program's name, in red.
void complain(const std::string& text);

bool isTerminal(int descriptor) noexcept;

/// Whether standard output and standard error are shown together: a terminal, one pipe, one file.
bool areOutputsOne() noexcept;

/// The text in a colour if the descriptor is a terminal and NO_COLOR is not set.
std::string paint(Paint paint, std::string_view text, int descriptor = 1);

/// A line on standard error that the next one overwrites; nothing where that is no terminal.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& text);
    void clear();

private:
    bool isOn_;
    bool isShown_ = false;
};

}  // namespace tool
