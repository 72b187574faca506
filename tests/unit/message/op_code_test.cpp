#include <tempeh/message/op_code.hpp>

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

namespace tempeh {
namespace {

struct Row {
    OpCode opCode;
    const char* name;
    MessageType type;
    MessageRole role;
    bool onWire;
    bool regular;
};

constexpr Row rows[] = {
    {OpCode::Request, "Request", MessageType::Regular, MessageRole::Request, true, true},
    {OpCode::Response, "Response", MessageType::Regular, MessageRole::Response, true, true},
    {OpCode::Signal, "Signal", MessageType::Regular, MessageRole::Signal, true, true},
    {OpCode::HelloRequest, "HelloRequest", MessageType::Hello, MessageRole::Request, true, false},
    {OpCode::HelloResponse, "HelloResponse", MessageType::Hello, MessageRole::Response, true, false},
    {OpCode::ByeRequest, "ByeRequest", MessageType::Bye, MessageRole::Request, true, false},
    {OpCode::ByeResponse, "ByeResponse", MessageType::Bye, MessageRole::Response, true, false},
    {OpCode::ByeSignal, "ByeSignal", MessageType::Bye, MessageRole::Signal, false, false},
    {OpCode::WelcomeRequest, "WelcomeRequest", MessageType::Welcome, MessageRole::Request, false, false},
    {OpCode::WelcomeResponse, "WelcomeResponse", MessageType::Welcome, MessageRole::Response, false, false},
};

TEST(OpCode, EveryOpCodeHasItsNumberNameTypeAndRole) {
    int number = 0;
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(static_cast<int>(row.opCode), number++);
        EXPECT_EQ(nameOf(row.opCode), row.name);
        EXPECT_EQ(typeOf(row.opCode), row.type);
        EXPECT_EQ(roleOf(row.opCode), row.role);
        EXPECT_TRUE(isKnown(row.opCode));
        EXPECT_EQ(crossesTheWire(row.opCode), row.onWire);
        EXPECT_EQ(isRegular(row.opCode), row.regular);
    }
    EXPECT_EQ(number, 10);
}

TEST(OpCode, OtherValuesAreUnknownAndHarmless) {
    for (int value = 10; value != 256; ++value) {
        const auto opCode = static_cast<OpCode>(value);
        EXPECT_FALSE(isKnown(opCode)) << value;
        EXPECT_FALSE(crossesTheWire(opCode)) << value;
        EXPECT_FALSE(isRegular(opCode)) << value;
        EXPECT_EQ(nameOf(opCode), "unknown");
        EXPECT_EQ(typeOf(opCode), MessageType::Regular);
        EXPECT_EQ(roleOf(opCode), MessageRole::Signal);
    }
}

TEST(OpCode, NamesOfTypesRolesAndOrigins) {
    const auto names = [](auto... values) { return std::set<std::string_view>{nameOf(values)...}; };
    EXPECT_EQ(names(MessageType::Regular, MessageType::Hello, MessageType::Bye, MessageType::Welcome),
              (std::set<std::string_view>{"Regular", "Hello", "Bye", "Welcome"}));
    EXPECT_EQ(names(MessageRole::Request, MessageRole::Response, MessageRole::Signal),
              (std::set<std::string_view>{"Request", "Response", "Signal"}));
    EXPECT_EQ(names(Origin::Application, Origin::Engine),
              (std::set<std::string_view>{"Application", "Engine"}));
    EXPECT_EQ(nameOf(static_cast<MessageType>(9)), "unknown");
    EXPECT_EQ(nameOf(static_cast<MessageRole>(9)), "unknown");
    EXPECT_EQ(nameOf(static_cast<Origin>(9)), "unknown");
}

TEST(OpCode, StreamsPrintNames) {
    std::ostringstream out;
    out << OpCode::ByeSignal << ' ' << MessageType::Bye << ' ' << MessageRole::Signal << ' '
        << Origin::Engine;
    EXPECT_EQ(out.str(), "ByeSignal Bye Signal Engine");
}

}  // namespace
}  // namespace tempeh
