#include "wire/address_scheme.hpp"

#include <tempeh/wire/address.hpp>
#include <tempeh/wire/fd_address.hpp>
#include <tempeh/wire/mem_address.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::wire {
namespace {

/// Digits alone; a server's place may be left open.
bool isNumber(std::string_view place, bool isServer) noexcept {
    return (isServer || !place.empty()) && place.find_first_not_of("0123456789") == place.npos;
}

constinit AddressScheme numbers("number", &isNumber);

class Schemes : public ::testing::Test {
protected:
    Schemes() { static_cast<void>(addScheme(numbers)); }

    static std::optional<Address> parsed(std::string_view header, std::string_view value) {
        Message message;
        message.textHeaders.append(header, value);
        error_code ec;
        const Address address = parseAddress(message, ec);
        if (!ec) return address;
        EXPECT_EQ(ec, Status::InvalidAddress);
        return std::nullopt;
    }
};

TEST_F(Schemes, AnAddressOfASchemeThatWasAddedParses) {
    EXPECT_EQ(parsed(connectToHeader, "number|12"), Address(CustomClientAddress("number", "12")));
    EXPECT_EQ(parsed(listenOnHeader, "number|12"), Address(CustomServerAddress("number", "12")));
    EXPECT_EQ(parsed(listenOnHeader, "number|"), Address(CustomServerAddress("number", "")));
}

TEST_F(Schemes, ThoseOfTheLibraryAreKnownWithoutAdding) {
    EXPECT_EQ(parsed(connectToHeader, "mem|a name"), Address(MemClientAddress("a name")));
    EXPECT_EQ(parsed(listenOnHeader, "mem|"), Address(MemServerAddress()));
    EXPECT_EQ(parsed(connectToHeader, "fd|4"), Address(FdClientAddress(4)));
    EXPECT_EQ(parsed(listenOnHeader, "fd|web"), Address(FdServerAddress("web")));
    EXPECT_EQ(parsed(listenOnHeader, "fd|accepted|4"), Address(FdServerAddress::accepted(4)));
    const std::string tooLong = "mem|" + std::string(256, 'n');
    for (const std::string& value : {std::string("mem|"), tooLong, std::string("fd|"), std::string("fd|a:b"),
                                     std::string("fd|accepted|4")}) {
        EXPECT_EQ(parsed(connectToHeader, value), std::nullopt) << value;
    }
    static AddressScheme taken("mem", &isNumber);
    EXPECT_FALSE(addScheme(taken));
}

TEST_F(Schemes, TheSchemeSaysWhichPlacesAreWellFormed) {
    for (const char* const value : {"number|", "number|x", "number|1|2", "number", "numbers|1", "Number|1"})
        EXPECT_EQ(parsed(connectToHeader, value), std::nullopt) << value;
}

TEST_F(Schemes, WhatIsFormattedIsParsedAgain) {
    for (const Address& address :
         {Address(CustomClientAddress("number", "7")), Address(CustomServerAddress("number", ""))}) {
        Message message;
        format(address, message);
        EXPECT_EQ(parseAddress(message), address);
        EXPECT_EQ(message.header.opCode, isServer(address) ? OpCode::WelcomeRequest : OpCode::HelloRequest);
        EXPECT_EQ(schemeOf(address), "number");
    }
    EXPECT_EQ(toString(Address(CustomServerAddress("number", "5"))), "number|5");
}

TEST_F(Schemes, WhatAHeaderCannotCarryIsRefusedAtOnce) {
    Message message;
    EXPECT_THROW(CustomClientAddress("number", "1\n2").format(message), Error);
    EXPECT_THROW(CustomClientAddress("number", "1 ").format(message), Error);
}

TEST_F(Schemes, ANameIsTakenOnce) {
    static std::vector<std::unique_ptr<AddressScheme>> others;  // kept for good, should one be added
    for (const char* const name : {"number", "tcp", "uds", "", "a|b", "Abc", "a b"}) {
        others.push_back(std::make_unique<AddressScheme>(name, &isNumber));
        EXPECT_FALSE(addScheme(*others.back())) << name;
    }
    EXPECT_EQ(findScheme("number"), &numbers);
    EXPECT_EQ(findScheme("tcp"), nullptr);
}

TEST_F(Schemes, OfThreadsThatAddOneNameOneSucceeds) {
    constexpr std::size_t count = 4;
    static std::array<AddressScheme, count> same{
        {{"samename", &isNumber}, {"samename", &isNumber}, {"samename", &isNumber}, {"samename", &isNumber}}};
    std::array<bool, count> isAdded{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i != count; ++i)
            threads.emplace_back([i, &isAdded] { isAdded[i] = addScheme(same[i]); });
    }
    EXPECT_EQ(std::count(isAdded.begin(), isAdded.end(), true), 1);
    EXPECT_NE(findScheme("samename"), nullptr);
}

TEST(Addresses, KnowTheirSchemeAndSide) {
    EXPECT_EQ(schemeOf(TcpClientAddress()), "tcp");
    EXPECT_EQ(schemeOf(TcpServerAddress()), "tcp");
    EXPECT_EQ(schemeOf(UdsClientAddress()), "uds");
    EXPECT_EQ(schemeOf(UdsServerAddress()), "uds");
    EXPECT_TRUE(isServer(TcpServerAddress()));
    EXPECT_TRUE(isServer(UdsServerAddress()));
    EXPECT_TRUE(isServer(CustomServerAddress()));
    EXPECT_FALSE(isServer(TcpClientAddress()));
    EXPECT_FALSE(isServer(UdsClientAddress()));
    EXPECT_FALSE(isServer(CustomClientAddress()));
}

TEST(Addresses, OfAServerBecomeThoseOfItsClients) {
    EXPECT_EQ(clientAddressOf(TcpServerAddress("", 5)), Address(TcpClientAddress("127.0.0.1", 5)));
    EXPECT_EQ(clientAddressOf(TcpServerAddress("0.0.0.0", 5)), Address(TcpClientAddress("127.0.0.1", 5)));
    EXPECT_EQ(clientAddressOf(TcpServerAddress("::", 5)), Address(TcpClientAddress("::1", 5)));
    EXPECT_EQ(clientAddressOf(TcpServerAddress("h", 5)), Address(TcpClientAddress("h", 5)));
    EXPECT_EQ(clientAddressOf(UdsServerAddress("/a")), Address(UdsClientAddress("/a")));
    EXPECT_EQ(clientAddressOf(CustomServerAddress("s", "p")), Address(CustomClientAddress("s", "p")));
    EXPECT_EQ(clientAddressOf(CustomClientAddress("s", "p")), Address(CustomClientAddress("s", "p")));
}

}  // namespace
}  // namespace tempeh::wire
