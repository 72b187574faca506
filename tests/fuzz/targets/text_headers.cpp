// The editing of text headers: append, set, remove and find in any order, also with names and values that
// are parts of the headers themselves, beside a plain list of pairs.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/reference.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/text_headers.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::fuzz {
namespace {

class Editor {
public:
    explicit Editor(Bytes script) : input_(script) {}

    void run() {
        constexpr std::size_t mostSteps = 24;
        for (std::size_t step = 0; step != mostSteps && !input_.empty(); ++step) {
            doOne();
            check();
        }
        headers_.clear();
        FUZZ_CHECK(headers_.empty() && headers_.begin() == headers_.end());
    }

private:
    using Pair = std::pair<std::string, std::string>;

    void doOne() {
        const unsigned action = input_.choice(4);
        const std::string_view name = pickText();
        const std::string wanted(name);
        if (action == 3) return checkFind(name, wanted);
        if (action == 2) return checkRemove(name, wanted);
        const std::string_view value = pickText();
        const auto line = asWritten(wanted, value);
        error_code ec;
        if (action == 1)
            headers_.set(name, value, ec);
        else
            headers_.append(name, value, ec);
        FUZZ_CHECK(!ec == line.has_value());
        if (ec) {
            FUZZ_CHECK(ec == error_code(Status::InvalidMessage));
        } else if (action == 1) {
            setInModel(*line);
        } else {
            model_.push_back(*line);
        }
    }

    /// Out of the input, a common name, or a part of what is there already.
    std::string_view pickText() {
        static constexpr std::array<std::string_view, 6> common{"a", "bb", "name", "~reason", " a", "a\r"};
        const unsigned how = input_.byte();
        if (how < 64) return common[how % common.size()];
        if (how < 128) return input_.text(how - 64);
        const std::string_view all = headers_.view();
        if (how < 192 || all.empty()) return input_.text(how % 8);
        const std::size_t from = input_.byte() % all.size();
        return all.substr(from, input_.byte() % 32);
    }

    /// The pair as it will be read, if the headers take it.
    static std::optional<Pair> asWritten(const std::string& name, std::string_view value) {
        if (name.find(':') != std::string::npos || name.starts_with(' ') || name.ends_with(' '))
            return std::nullopt;
        const std::string line = name + ':' + std::string(value);
        const auto read = reference::parseLine(line);
        if (!read) return std::nullopt;
        return Pair(read->name, read->value);
    }

    void setInModel(const Pair& line) {
        const auto isNamed = [&](const Pair& other) { return other.first == line.first; };
        const auto first = std::find_if(model_.begin(), model_.end(), isNamed);
        if (first == model_.end()) return model_.push_back(line);
        *first = line;
        model_.erase(std::remove_if(first + 1, model_.end(), isNamed), model_.end());
    }

    void checkFind(std::string_view name, const std::string& wanted) const {
        const auto found = headers_.find(name);
        const auto first = std::find_if(model_.begin(), model_.end(),
                                        [&](const Pair& line) { return line.first == wanted; });
        FUZZ_CHECK(found.has_value() == (first != model_.end()));
        if (found) FUZZ_CHECK(*found == first->second);
    }

    void checkRemove(std::string_view name, const std::string& wanted) {
        const std::size_t removed = headers_.remove(name);
        FUZZ_CHECK(removed == std::erase_if(model_, [&](const Pair& line) { return line.first == wanted; }));
    }

    void check() {
        auto expected = model_.begin();
        std::size_t size = 0;
        for (const TextHeader& header : headers_) {
            FUZZ_CHECK(expected != model_.end());
            FUZZ_CHECK(header.name == expected->first && header.value == expected->second);
            size += header.name.size() + header.value.size() + 3;
            ++expected;
        }
        FUZZ_CHECK(expected == model_.end());
        FUZZ_CHECK(headers_.sizeBytes() == size && headers_.view().size() == size);
        FUZZ_CHECK(detail::TextBlock::normalise(headers_) && headers_.sizeBytes() == size);
    }

    Input input_;
    TextHeaders headers_;
    std::vector<Pair> model_;
};

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(text_headers) {
    tempeh::fuzz::Editor(input).run();
}
