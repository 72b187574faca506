// Runs recorded inputs through a fuzz target, without libFuzzer and with any compiler: replay TARGET PATH...
// A path is a file or a folder of files; one that does not exist holds none. `replay` alone lists the
// targets.

#include "fuzz/support/fuzz_target.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace fuzz = tempeh::fuzz;

const fuzz::Registration* findTarget(std::string_view name) {
    const fuzz::Registration* target = fuzz::registrations();
    while (target != nullptr && target->name != name)
        target = target->next;
    return target;
}

void listTargets() {
    for (const fuzz::Registration* target = fuzz::registrations(); target != nullptr; target = target->next)
        std::puts(target->name);
}

std::vector<fs::path> filesIn(const fs::path& path) {
    std::vector<fs::path> files;
    if (fs::is_directory(path)) {
        for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
    } else if (fs::exists(path)) {
        files.push_back(path);
    }
    return files;
}

void replay(const fuzz::Registration& target, const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // Exactly as large as the input, so that a sanitizer sees a read behind it.
    const auto exact = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), exact.get());
    // Last words, should it be this one that breaks the process.
    std::fprintf(stderr, "%s\n", path.c_str());
    target.function(std::as_bytes(std::span(exact.get(), text.size())));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        listTargets();
        return 0;
    }
    const fuzz::Registration* const target = findTarget(argv[1]);
    if (target == nullptr) {
        std::fprintf(stderr, "there is no target %s\n", argv[1]);
        return 2;
    }
    fuzz::currentTarget() = target->name;
    std::size_t count = 0;
    for (int i = 2; i < argc; ++i) {
        for (const fs::path& path : filesIn(argv[i])) {
            replay(*target, path);
            ++count;
        }
    }
    std::printf("%s: %zu inputs\n", target->name, count);
    return count != 0 ? 0 : 1;
}
