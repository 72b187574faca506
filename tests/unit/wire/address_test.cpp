#include "support/vectors.hpp"

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/wire/address.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace tempeh {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

/// As a peer or an application may have written it: past the checks of append().
void putHeader(Message& message, std::string_view name, std::string_view value) {
    const std::string line = std::string(name) + ':' + std::string(value) + "\r\n";
    std::memcpy(detail::TextBlock::prepare(message.textHeaders, line.size()).data(), line.data(),
                line.size());
    detail::TextBlock::commit(message.textHeaders, line.size());
}

std::optional<Address> parsed(std::string_view name, std::string_view value) {
    Message message;
    putHeader(message, name, value);
    error_code ec;
    const Address address = parseAddress(message, ec);
    if (!ec) return address;
    EXPECT_EQ(ec, Status::InvalidAddress);
    try {
        parseAddress(message);
        ADD_FAILURE() << "must throw";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::InvalidAddress);
    }
    return std::nullopt;
}

std::optional<Address> connectTo(std::string_view value) {
    return parsed("~connect_to", value);
}
std::optional<Address> listenOn(std::string_view value) {
    return parsed("~listen_on", value);
}

TEST(Address, GoodClientAddresses) {
    const std::vector<std::pair<std::string, Address>> rows{
        {"tcp|127.0.0.1|7099", TcpClientAddress{"127.0.0.1", 7099}},
        {"tcp|::1|80", TcpClientAddress{"::1", 80}},
        {"tcp|fe80::1%eth0|65535", TcpClientAddress{"fe80::1%eth0", 65535}},
        {"tcp|example.org|1", TcpClientAddress{"example.org", 1}},
        {"tcp|example.org|", TcpClientAddress{"example.org", 7099}},
        {"tcp|example.org", TcpClientAddress{"example.org", 7099}},
        {"tcp||5000", TcpClientAddress{"127.0.0.1", 5000}},
        {"tcp||", TcpClientAddress{"127.0.0.1", 7099}},
        {"tcp|", TcpClientAddress{"127.0.0.1", 7099}},
        {"  tcp|h|1\t", TcpClientAddress{"h", 1}},
        {"tcp|h|00080", TcpClientAddress{"h", 80}},
        {"uds|/tmp/socket", UdsClientAddress{"/tmp/socket"}},
        {"uds|relative path", UdsClientAddress{"relative path"}},
        {"uds|/tmp/a|b:c", UdsClientAddress{"/tmp/a|b:c"}},
        {"uds|/tmp/\xc3\xa9", UdsClientAddress{"/tmp/\xc3\xa9"}},
        {"uds|@name", UdsClientAddress{"@name"}},
        {"uds|" + std::string(107, 'p'), UdsClientAddress{std::string(107, 'p')}},
    };
    for (const auto& [value, address] : rows)
        EXPECT_EQ(connectTo(value), address) << value;
}

TEST(Address, GoodServerAddresses) {
    const std::vector<std::pair<std::string, Address>> rows{
        {"tcp|127.0.0.1|7099", TcpServerAddress{"127.0.0.1", 7099}},
        {"tcp|::|0", TcpServerAddress{"::", 0}},
        {"tcp||0", TcpServerAddress{"", 0}},
        {"tcp||", TcpServerAddress{"", 7099}},
        {"tcp|", TcpServerAddress{"", 7099}},
        {"tcp|localhost", TcpServerAddress{"localhost", 7099}},
        {"uds|", UdsServerAddress{""}},
        {"uds|/tmp/socket", UdsServerAddress{"/tmp/socket"}},
        {"uds|@name", UdsServerAddress{"@name"}},
        {"uds|" + std::string(107, 'p'), UdsServerAddress{std::string(107, 'p')}},
    };
    for (const auto& [value, address] : rows)
        EXPECT_EQ(listenOn(value), address) << value;
}

TEST(Address, BadOnBothSides) {
    const std::vector<std::string> rows{"",
                                        "tcp",
                                        "uds",
                                        "TCP|h|1",
                                        "udp|h|1",
                                        "tcp:h:1",
                                        "|h|1",
                                        "127.0.0.1|7099",
                                        "tcp|h|65536",
                                        "tcp|h|99999999999999999999",
                                        "tcp|h|-1",
                                        "tcp|h|+1",
                                        "tcp|h|0x50",
                                        "tcp|h|80a",
                                        "tcp|h| 80",
                                        "tcp|h|80|",
                                        "tcp|h|80|more",
                                        "tcp|two words|80",
                                        "tcp|h\x01|80",
                                        "tcp|h\x7f|80",
                                        "tcp|h\0|80"s,
                                        "tcp|a\tb|80",
                                        "tcp|" + std::string(256, 'h') + "|80",
                                        "uds|" + std::string(108, 'p'),
                                        "uds|@" + std::string(107, 'p'),
                                        "uds|@",
                                        "uds|/tmp/a\0b"s,
                                        "uds|/tmp/a\nb",
                                        "uds|/tmp/a\rb",
                                        "uds|/tmp/a\x1f",
                                        "uds|/tmp/a\tb"};
    for (const std::string& value : rows) {
        EXPECT_EQ(connectTo(value), std::nullopt) << testing::PrintToString(value);
        EXPECT_EQ(listenOn(value), std::nullopt) << testing::PrintToString(value);
    }
}

TEST(Address, BadForAClientAlone) {
    EXPECT_EQ(connectTo("tcp|h|0"), std::nullopt);
    EXPECT_EQ(connectTo("tcp||0"), std::nullopt);
    EXPECT_EQ(connectTo("uds|"), std::nullopt);
}

TEST(Address, NoneOrBothIsTheWrongAddress) {
    Message message;
    error_code ec;
    parseAddress(message, ec);
    EXPECT_EQ(ec, Status::WrongAddress);
    message.textHeaders.append("connect_to", "tcp|h|1");
    parseAddress(message, ec);
    EXPECT_EQ(ec, Status::WrongAddress);
    message.textHeaders.append("~connect_to", "tcp|h|1");
    parseAddress(message, ec);
    EXPECT_FALSE(ec) << "cleared by success";
    message.textHeaders.append("~listen_on", "tcp|h|1");
    parseAddress(message, ec);
    EXPECT_EQ(ec, Status::WrongAddress);
    EXPECT_THROW(parseAddress(message), Error);
}

TEST(Address, TheErrorShowsTheValue) {
    Message message;
    putHeader(message, "~connect_to", "tcp|bad\x02host|80");
    try {
        parseAddress(message);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("tcp|bad?host|80"));
        EXPECT_THAT(error.what(), HasSubstr("InvalidAddress"));
    }
}

TEST(Address, FormatIsTheProtocolsHelloRequest) {
    Message message;
    TcpClientAddress{"127.0.0.1", 7099}.format(message);
    EXPECT_EQ(message.header.opCode, OpCode::HelloRequest);
    EXPECT_EQ(message.textHeaders.view(), test::vectors()[1].message()->textHeaders.view());
}

TEST(Address, EveryKindRoundTrips) {
    const std::vector<std::pair<Address, std::string>> rows{
        {TcpClientAddress{}, "tcp|127.0.0.1|7099"},
        {TcpClientAddress{"::1", 5}, "tcp|::1|5"},
        {TcpServerAddress{}, "tcp||7099"},
        {TcpServerAddress{"::", 0}, "tcp|::|0"},
        {UdsClientAddress{"/tmp/x"}, "uds|/tmp/x"},
        {UdsClientAddress{"@abstract"}, "uds|@abstract"},
        {UdsServerAddress{}, "uds|"},
        {UdsServerAddress{"/tmp/x", 0600}, "uds|/tmp/x"},
        {UdsServerAddress{"/tmp/x", 0}, "uds|/tmp/x"},
    };
    for (const auto& [address, text] : rows) {
        SCOPED_TRACE(text);
        EXPECT_EQ(toString(address), text);
        std::ostringstream out;
        out << address;
        EXPECT_EQ(out.str(), text);
        Message message;
        format(address, message);
        const bool client = address.index() % 2 == 0;
        EXPECT_EQ(message.header.opCode, client ? OpCode::HelloRequest : OpCode::WelcomeRequest);
        EXPECT_EQ(message.textHeaders.find(client ? "~connect_to" : "~listen_on"), text);
        EXPECT_EQ(parseAddress(message), address);
    }
}

TEST(Address, EmptyClientHostIsTheDefault) {
    Message message;
    TcpClientAddress{"", 5}.format(message);
    EXPECT_EQ(parseAddress(message), Address(TcpClientAddress{"127.0.0.1", 5}));
}

TEST(Address, FormatMakesAUsedMessageFit) {
    Message message;
    UdsServerAddress{"/tmp/x", 0640}.format(message);
    EXPECT_EQ(message.textHeaders.find("~uds_mode"), "0640");
    message.textHeaders.append("own", "header");
    message.body.append("body");
    message.header.channelNumber = 9;
    message.header.origin = Origin::Engine;
    message.header.status = 24;
    message.header.more = true;
    message.header.messageId = 77;
    UdsClientAddress{"/tmp/y"}.format(message);
    EXPECT_EQ(message.header, (BinaryHeader{.opCode = OpCode::HelloRequest, .messageId = 77}));
    EXPECT_EQ(message.textHeaders.view(), "own:header\r\n~connect_to:uds|/tmp/y\r\n");
    EXPECT_EQ(message.body.view(), "body");
    UdsClientAddress{"/tmp/z"}.format(message);
    EXPECT_EQ(message.textHeaders.view(), "own:header\r\n~connect_to:uds|/tmp/z\r\n");
    UdsServerAddress{"/tmp/x"}.format(message);
    EXPECT_EQ(message.textHeaders.view(), "own:header\r\n~listen_on:uds|/tmp/x\r\n");
    EXPECT_EQ(message.header.opCode, OpCode::WelcomeRequest);
}

TEST(Address, ModesAreOctal) {
    for (const auto& [text, mode] : std::vector<std::pair<std::string, std::uint32_t>>{
             {"600", 0600}, {"0600", 0600}, {"0", 0}, {"7777", 07777}}) {
        Message message;
        putHeader(message, "~listen_on", "uds|/tmp/x");
        putHeader(message, "~uds_mode", text);
        EXPECT_EQ(parseAddress(message), Address(UdsServerAddress{"/tmp/x", mode})) << text;
    }
    for (const std::string text : {"", "8", "0x1ff", "-1", "10000", "600 600", "rw"}) {
        Message message;
        putHeader(message, "~listen_on", "uds|/tmp/x");
        putHeader(message, "~uds_mode", text);
        error_code ec;
        parseAddress(message, ec);
        EXPECT_EQ(ec, Status::InvalidAddress) << text;
    }
}

TEST(Address, WhatAHeaderCannotCarryIsRefusedAtOnce) {
    for (const std::string& path : {"/tmp/a\nb"s, "/tmp/a\r"s, "/tmp/a\0b"s, "/tmp/a "s, "/tmp/a\t"s}) {
        Message message;
        message.header.opCode = OpCode::Signal;
        message.textHeaders.append("own", "header");
        const auto refused = [&](const Address& address) {
            try {
                format(address, message);
                ADD_FAILURE() << testing::PrintToString(path);
            } catch (const Error& error) {
                EXPECT_EQ(error.status(), Status::InvalidAddress);
                EXPECT_THAT(error.what(), HasSubstr("/tmp/a"));
            }
        };
        refused(UdsClientAddress{path});
        refused(UdsServerAddress{path});
        EXPECT_EQ(message.textHeaders.view(), "own:header\r\n");
        EXPECT_EQ(message.header.opCode, OpCode::Signal);
    }
    Message message;
    EXPECT_THROW(TcpClientAddress{"h\n"}.format(message), Error);
    EXPECT_THROW(TcpServerAddress{"h\n"}.format(message), Error);
    EXPECT_NO_THROW(UdsClientAddress{std::string(300, 'p')}.format(message)) << "post() finds this one";
}

TEST(Address, CanBeWrittenInEveryForm) {
    const TcpClientAddress braces{"host", 1};
    const TcpClientAddress parentheses("host", 1);
    const TcpClientAddress copied = {"host", 1};
    EXPECT_EQ(braces, parentheses);
    EXPECT_EQ(braces, copied);
    EXPECT_EQ(TcpServerAddress{"host"}, (TcpServerAddress{"host", defaultPort}));
    EXPECT_EQ(TcpServerAddress{}.host, "");
    EXPECT_EQ(UdsServerAddress{"p"}, (UdsServerAddress{"p", std::nullopt}));
    EXPECT_EQ((UdsServerAddress{"p", 0600}).mode, 0600U);
}

}  // namespace
}  // namespace tempeh
