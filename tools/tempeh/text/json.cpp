#include "text/json.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace tool {

struct Json::Value {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
};

Json::Json() : value_(std::make_unique<Value>()) {}
Json::~Json() = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;

Json& Json::set(const char* name, std::string_view text) {
    value_->json[name] = std::string(text);
    return *this;
}

Json& Json::set(const char* name, double number) {
    value_->json[name] = number;
    return *this;
}

Json& Json::set(const char* name, const Json& value) {
    value_->json[name] = value.value_->json;
    return *this;
}

Json& Json::setBool(const char* name, bool value) {
    value_->json[name] = value;
    return *this;
}

Json& Json::setNumber(const char* name, std::uint64_t number) {
    value_->json[name] = number;
    return *this;
}

Json& Json::array(const char* name) {
    value_->json[name] = nlohmann::ordered_json::array();
    return *this;
}

Json& Json::push(const char* name, const Json& value) {
    value_->json[name].push_back(value.value_->json);
    return *this;
}

std::string Json::line() const {
    return value_->json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tool
