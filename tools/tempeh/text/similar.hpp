#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// `; did you mean 'ping'?`, or nothing where no known word is near.
std::string didYouMean(std::string_view word, const std::vector<std::string>& known);

}  // namespace tool
