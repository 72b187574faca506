#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tool {

using Duration = std::chrono::steady_clock::duration;

/// Seconds with or without a fraction, or a number with us, ms, s, m or h. Throws std::invalid_argument.
Duration parseDuration(const std::string& text);

/// What a command takes, as the shell completion wants to know it.
struct CommandModel {
    struct Option {
        std::vector<std::string> names;  ///< With their dashes.
        std::string help;
        bool takesValue = false;
        std::vector<std::string> choices = {};  ///< Of the value; empty: anything.
        bool takesFile = false;
    };
    std::string name;
    std::string help;
    std::vector<Option> options;
    std::vector<std::string> argumentChoices;
    bool argumentIsFile = false;
};

/// A subcommand while it is described. Targets hold the defaults and must live until the program runs.
class Command {
public:
    Command(CLI::App& app, CommandModel& model) : app_(app), model_(model) {}

    Command& argument(const char* name, std::string& target, const char* help);
    /// One that may be left out.
    Command& argument(const char* name, std::optional<std::string>& target, const char* help);
    Command& arguments(const char* name, std::vector<std::string>& target, const char* help);
    Command& argument(const char* name, std::string& target, const char* help,
                      const std::vector<std::string>& choices);
    Command& flag(const char* names, bool& target, const char* help);
    Command& option(const char* names, std::string& target, const char* value, const char* help);
    Command& option(const char* names, std::optional<std::string>& target, const char* value,
                    const char* help);
    Command& option(const char* names, std::string& target, const char* help,
                    const std::vector<std::string>& choices);
    Command& option(const char* names, std::vector<std::string>& target, const char* value, const char* help);
    Command& option(const char* names, std::uint64_t& target, const char* value, const char* help);
    Command& option(const char* names, Duration& target, const char* help);
    /// Shown below the help.
    Command& examples(const char* text);

private:
    CommandModel::Option& note(const char* names, const char* help, bool takesValue);

    CLI::App& app_;
    CommandModel& model_;
};

/// The program's command line. CLI11 is behind it, so that one source of the tool compiles it.
class CommandLine {
public:
    CommandLine();
    ~CommandLine();

    /// A new subcommand; `run` gives the exit code.
    Command add(const char* name, const char* help, std::function<int()> run);

    /// Parses and runs. Help, version and usage errors are printed here.
    int run(int argc, char** argv);

    const std::vector<std::unique_ptr<CommandModel>>& models() const noexcept { return models_; }

private:
    std::string usageError(std::string text, int argc, char** argv) const;

    std::unique_ptr<CLI::App> app_;
    std::vector<std::unique_ptr<CommandModel>> models_;
    std::function<int()> chosen_;
};

}  // namespace tool
