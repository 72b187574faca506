#include "flows/peer/refusal.hpp"

#include <tempeh/flows/connect.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tempeh::flows {
namespace {

TEST(Refusal, GivesTheReasonOfTheHeaderOrElseOfTheBody) {
    Message response;
    EXPECT_EQ(detail::refusalDetail("tcp|host|1", response), "tcp|host|1");
    response.body.append("full");
    EXPECT_EQ(detail::refusalDetail("tcp|host|1", response), "tcp|host|1: full");
    response.textHeaders.append("~reason", "no token");
    EXPECT_EQ(detail::refusalDetail("tcp|host|1", response), "tcp|host|1: no token");
}

TEST(Refusal, FitsOneLineWhateverTheServerSays) {
    Message response;
    response.body.append("a\nb" + std::string(1000, 'x'));
    const std::string text = detail::refusalDetail("tcp|host|1", response);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_LT(text.size(), 300U);
    EXPECT_TRUE(text.starts_with("tcp|host|1: ") && text.ends_with("...")) << text;
}

TEST(Refusal, IsThrownWithTheApplicationsStatus) {
    const auto response = std::make_shared<Message>();
    response->header.status = 42;
    const Refused refused("tcp|host|1", response);
    EXPECT_EQ(refused.rawStatus(), 42U);
    EXPECT_EQ(refused.code(), error_code(42, refusalCategory()));
    EXPECT_EQ(&refused.response(), response.get());
    EXPECT_NE(std::string(refused.what()).find("refused with status 42"), std::string::npos);
}

}  // namespace
}  // namespace tempeh::flows
