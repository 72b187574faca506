#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "commands/commands.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

namespace {

using Models = std::vector<std::unique_ptr<CommandModel>>;

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += separator;
        text += word;
    }
    return text;
}

std::string commandNames(const Models& models) {
    std::vector<std::string> names;
    for (const auto& model : models)
        names.push_back(model->name);
    return join(names, " ");
}

/// One `case` branch of the words that follow a command.
std::string bashBranch(const CommandModel& model) {
    std::vector<std::string> words = {"-h", "--help"};
    std::string values;
    for (const CommandModel::Option& option : model.options) {
        words.insert(words.end(), option.names.begin(), option.names.end());
        if (!option.takesValue) continue;
        std::string reply = "COMPREPLY=()";
        if (option.takesFile) reply = "compopt -o default; COMPREPLY=()";
        if (!option.choices.empty())
            reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", join(option.choices, " "));
        values += fmt::format("                {}) {}; return ;;\n", join(option.names, "|"), reply);
    }
    words.insert(words.end(), model.argumentChoices.begin(), model.argumentChoices.end());
    std::string text = fmt::format("        {})\n", model.name);
    if (!values.empty()) text += fmt::format("            case \"$prev\" in\n{}            esac\n", values);
    text += fmt::format("            words='{}'{} ;;\n", join(words, " "),
                        model.argumentIsFile ? "; [[ $cur == -* ]] || compopt -o default" : "");
    return text;
}

std::string bashScript(const Models& models) {
    std::string text =
        "# bash completion for tempeh: source <(tempeh completion bash)\n"
        "_tempeh() {\n"
        "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" words=''\n"
        "    COMPREPLY=()\n"
        "    case \"$COMP_CWORD:${COMP_WORDS[1]}\" in\n";
    text += fmt::format("        1:*) words='{} -h --help --version' ;;\n    esac\n", commandNames(models));
    text += "    [[ $COMP_CWORD -gt 1 ]] && case \"${COMP_WORDS[1]}\" in\n";
    for (const auto& model : models)
        text += bashBranch(*model);
    text +=
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "}\n"
        "complete -F _tempeh tempeh\n";
    return text;
}

/// For a single-quoted description in brackets.
std::string zshText(std::string_view text) {
    std::string quoted;
    for (const char c : text) {
        if (c == '\'')
            quoted += "'\\''";
        else if (c == '[' || c == ']' || c == ':')
            quoted.append("\\").push_back(c);
        else
            quoted += c;
    }
    return quoted;
}

std::string zshBranch(const CommandModel& model) {
    std::string text = fmt::format("        {})\n            _arguments -s \\\n", model.name);
    for (const CommandModel::Option& option : model.options) {
        std::string value;
        if (!option.choices.empty())
            value = fmt::format(":value:({})", join(option.choices, " "));
        else if (option.takesValue)
            value = option.takesFile ? ":file:_files" : ":value: ";
        for (const std::string& name : option.names)
            text += fmt::format("                '{}[{}]{}' \\\n", name, zshText(option.help), value);
    }
    text += "                '--help[Show the help]' \\\n";
    std::string rest = "'*:argument: '";
    if (!model.argumentChoices.empty())
        rest = fmt::format("'1:argument:({})'", join(model.argumentChoices, " "));
    if (model.argumentIsFile) rest = "'1:file:_files'";
    return text + "                " + rest + " ;;\n";
}

std::string zshScript(const Models& models) {
    std::string text =
        "#compdef tempeh\n"
        "# zsh completion for tempeh: tempeh completion zsh > a folder of $fpath, as _tempeh\n"
        "_tempeh() {\n"
        "    local -a commands\n"
        "    commands=(\n";
    for (const auto& model : models)
        text += fmt::format("        '{}:{}'\n", model->name, zshText(model->help));
    text +=
        "    )\n"
        "    if (( CURRENT == 2 )); then\n"
        "        _describe command commands\n"
        "        return\n"
        "    fi\n"
        "    shift words\n"
        "    (( CURRENT-- ))\n"
        "    case $words[1] in\n";
    for (const auto& model : models)
        text += zshBranch(*model);
    text +=
        "    esac\n"
        "}\n"
        "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tempeh \"$@\"; else compdef _tempeh tempeh; "
        "fi\n";
    return text;
}

}  // namespace

void addCompletion(CommandLine& line) {
    const auto shell = std::make_shared<std::string>();
    Command command = line.add("completion", "Print the completion script of a shell", [shell, &line] {
        print(*shell == "bash" ? bashScript(line.models()) : zshScript(line.models()));
        return exitOk;
    });
    command.argument("SHELL", *shell, "bash or zsh", {"bash", "zsh"})
        .examples(
            "  source <(tempeh completion bash)\n"
            "  tempeh completion zsh > ~/.zfunc/_tempeh");
}

}  // namespace tool
