#include "text/similar.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace tool {

namespace {

/// How many characters to insert, delete, replace or swap with their neighbour to make one of the other.
std::size_t distance(std::string_view from, std::string_view to) {
    const std::size_t width = to.size() + 1;
    std::vector<std::size_t> before(width), last(width), row(width);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < width; ++j) {
            const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            const bool isSwapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (isSwapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last.back();
}

}  // namespace

std::string didYouMean(std::string_view word, const std::vector<std::string>& known) {
    const std::string* best = nullptr;
    std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const std::string& candidate : known) {
        const bool isBeginning = word.size() > 3 && candidate.starts_with(word);
        const std::size_t steps = isBeginning ? 1 : distance(word, candidate);
        if (steps >= least) continue;
        least = steps;
        best = &candidate;
    }
    return best == nullptr ? std::string() : "; did you mean '" + *best + "'?";
}

}  // namespace tool
