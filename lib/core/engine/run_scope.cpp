#include "core/engine/run_scope.hpp"

namespace tempeh::core {

RunScope::RunScope(std::uint64_t seed) noexcept : idsBefore_(ids::block), sources_(seed) {
    constexpr MessageId end = MessageId{1} << 48U;
    ids::block = {.next = 1, .end = end};
}

RunScope::~RunScope() {
    ids::block = idsBefore_;
}

}  // namespace tempeh::core
