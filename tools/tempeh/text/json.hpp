#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tool {

/// A JSON object whose members keep their order. The JSON library is behind it, so that one source of the
/// tool compiles it.
class Json {
public:
    Json();
    ~Json();
    Json(Json&&) noexcept;
    Json& operator=(Json&&) noexcept;

    Json& set(const char* name, std::string_view text);
    Json& set(const char* name, const char* text) { return set(name, std::string_view(text)); }
    Json& set(const char* name, double number);
    Json& set(const char* name, const Json& value);
    template <std::same_as<bool> Bool>
    Json& set(const char* name, Bool value) {
        return setBool(name, value);
    }
    template <std::unsigned_integral Number>
        requires(!std::same_as<Number, bool>)
    Json& set(const char* name, Number number) {
        return setNumber(name, number);
    }
    /// Appends to the array of that name; without a call before it, an empty array.
    Json& array(const char* name);
    Json& push(const char* name, const Json& value);

    /// One line. Bytes that are no UTF-8 are replaced.
    std::string line() const;

private:
    Json& setBool(const char* name, bool value);
    Json& setNumber(const char* name, std::uint64_t number);

    struct Value;
    std::unique_ptr<Value> value_;
};

}  // namespace tool
