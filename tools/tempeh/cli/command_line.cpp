#include "cli/command_line.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "text/similar.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace tool {

namespace {

/// Its name in the help is the choices themselves.
CLI::Validator oneOf(const std::vector<std::string>& choices) {
    return CLI::IsMember(choices).description("");
}

constexpr const char* exitCodes =
    "Exit codes:\n"
    "  0    done, answered\n"
    "  1    no answer, an answer that says no, or a failure on the way\n"
    "  2    usage: the command line, or a file it names\n"
    "  3    cannot connect, cannot listen\n"
    "  4    decode: malformed data\n"
    "  130  interrupted before there was a result\n"
    "\n"
    "Addresses: HOST:PORT, :PORT, [IPv6]:PORT, unix:PATH, a path, tcp://HOST:PORT, 'tcp|HOST|PORT', "
    "'uds|PATH'.\n"
    "tempeh COMMAND --help shows options and examples of a command.";

std::vector<std::string> split(const std::string& names) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= names.size()) {
        const std::size_t end = std::min(names.find(',', start), names.size());
        parts.push_back(names.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

std::string durationText(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    std::string text = std::to_string(seconds);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + "s";
}

}  // namespace

Duration parseDuration(const std::string& text) {
    std::size_t used = 0;
    const double number = std::stod(text, &used);
    const std::string unit = text.substr(used);
    double seconds = 0;
    if (unit.empty() || unit == "s")
        seconds = number;
    else if (unit == "ms")
        seconds = number / 1e3;
    else if (unit == "us")
        seconds = number / 1e6;
    else if (unit == "m")
        seconds = number * 60;
    else if (unit == "h")
        seconds = number * 3600;
    else
        throw std::invalid_argument("unknown unit " + unit);
    constexpr double longest = 1e9;
    if (!(seconds >= 0 && seconds <= longest)) throw std::invalid_argument("out of range");
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

CommandModel::Option& Command::note(const char* names, const char* help, bool takesValue) {
    model_.options.push_back({split(names), help, takesValue});
    return model_.options.back();
}

Command& Command::argument(const char* name, std::string& target, const char* help) {
    app_.add_option(name, target, help)->required()->type_name("");
    return *this;
}

Command& Command::argument(const char* name, std::optional<std::string>& target, const char* help) {
    const auto take = [&target](const std::string& text) { target = text; };
    app_.add_option_function<std::string>(name, take, help)->type_name("");
    model_.argumentIsFile = model_.argumentIsFile || std::string(name) == "FILE";
    return *this;
}

Command& Command::argument(const char* name, std::string& target, const char* help,
                           const std::vector<std::string>& choices) {
    app_.add_option(name, target, help)->required()->type_name("")->check(oneOf(choices));
    model_.argumentChoices = choices;
    return *this;
}

Command& Command::arguments(const char* name, std::vector<std::string>& target, const char* help) {
    app_.add_option(name, target, help)->required()->type_name("");
    return *this;
}

Command& Command::flag(const char* names, bool& target, const char* help) {
    app_.add_flag(names, target, help);
    note(names, help, false);
    return *this;
}

Command& Command::option(const char* names, std::string& target, const char* value, const char* help) {
    app_.add_option(names, target, help)->type_name(value);
    note(names, help, true).takesFile = std::string(value) == "FILE";
    return *this;
}

Command& Command::option(const char* names, std::optional<std::string>& target, const char* value,
                         const char* help) {
    const auto take = [&target](const std::string& text) { target = text; };
    app_.add_option_function<std::string>(names, take, help)->type_name(value);
    note(names, help, true);
    return *this;
}

Command& Command::option(const char* names, std::string& target, const char* help,
                         const std::vector<std::string>& choices) {
    app_.add_option(names, target, help)
        ->type_name(CLI::detail::join(choices, "|"))
        ->capture_default_str()
        ->check(oneOf(choices));
    note(names, help, true).choices = choices;
    return *this;
}

Command& Command::option(const char* names, std::vector<std::string>& target, const char* value,
                         const char* help) {
    app_.add_option(names, target, help)->type_name(value)->allow_extra_args(false);
    note(names, help, true);
    return *this;
}

Command& Command::option(const char* names, std::uint64_t& target, const char* value, const char* help) {
    const auto parse = [&target, name = std::string(names)](const std::string& text) {
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, target);
        if (error != std::errc() || rest != end)
            throw CLI::ValidationError(name, "'" + text + "' is not a number; write digits only, 0 or more");
    };
    app_.add_option_function<std::string>(names, parse, help)
        ->type_name(value)
        ->default_str(std::to_string(target));
    note(names, help, true);
    return *this;
}

Command& Command::option(const char* names, Duration& target, const char* help) {
    const auto parse = [&target, name = std::string(names)](const std::string& text) {
        try {
            target = parseDuration(text);
        } catch (const std::exception&) {
            throw CLI::ValidationError(name,
                                       "'" + text + "' is not a time; write for example 2, 0.5 or 200ms");
        }
    };
    app_.add_option_function<std::string>(names, parse, help)
        ->type_name("TIME")
        ->default_str(target == Duration::max() ? "none" : durationText(target));
    note(names, help, true);
    return *this;
}

Command& Command::examples(const char* text) {
    app_.footer(std::string("Examples:\n") + text);
    return *this;
}

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>("Try, measure and look into tempeh messaging.")) {
    app_->name("tempeh");
    app_->require_subcommand(1);
    app_->get_formatter()->label("Positionals", "Arguments");
    app_->get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_->get_formatter()->label("Subcommands", "Commands");
    app_->get_formatter()->label("REQUIRED", "");
    app_->set_version_flag("--version", "tempeh " TEMPEH_TOOL_VERSION);
    app_->footer(exitCodes);
    app_->get_formatter()->column_width(32);
}

CommandLine::~CommandLine() = default;

Command CommandLine::add(const char* name, const char* help, std::function<int()> run) {
    CLI::App* const app = app_->add_subcommand(name, help);
    app->callback([this, run = std::move(run)] { chosen_ = run; });
    models_.push_back(std::make_unique<CommandModel>());
    models_.back()->name = name;
    models_.back()->help = help;
    return Command(*app, *models_.back());
}

int CommandLine::run(int argc, char** argv) {
    try {
        app_->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app_->exit(error, std::cout, std::cerr);  // help, version
        complain(usageError(error.what(), argc, argv));
        return exitUsage;
    }
    return chosen_();
}

/// What is wrong, what may have been meant, and where to read more. `text`: CLI11's words.
std::string CommandLine::usageError(std::string text, int argc, char** argv) const {
    const std::string first = argc > 1 ? argv[1] : "";
    const auto isFirst = [&first](const auto& model) { return model->name == first; };
    const auto command = std::find_if(models_.begin(), models_.end(), isFirst);
    if (command == models_.end()) {
        if (first.empty()) return "a command is missing; see tempeh --help";
        std::vector<std::string> names;
        for (const auto& model : models_)
            names.push_back(model->name);
        const char* const kind = first.starts_with('-') ? "option" : "command";
        return std::string("there is no ") + kind + " '" + first + "'" + didYouMean(first, names) +
               "; see tempeh --help";
    }
    std::vector<std::string> options;
    for (const CommandModel::Option& option : (*command)->options)
        options.insert(options.end(), option.names.begin(), option.names.end());
    for (const std::string& extra : app_->remaining(true)) {
        if (extra.size() < 2 || !extra.starts_with('-')) continue;
        const std::string name = extra.substr(0, extra.find('='));
        text = "there is no option '" + name + "'" + didYouMean(name, options);
        break;
    }
    return first + ": " + text + "; see tempeh " + first + " --help";
}

}  // namespace tool
