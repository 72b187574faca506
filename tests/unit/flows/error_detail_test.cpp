#include "flows/peer/error_detail.hpp"

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

TEST(ErrorDetail, IsWhatAnErrorSaysBeyondItsCode) {
    EXPECT_EQ(detailOf(Error(make_error_code(Status::ConnectFailed), "tcp|host|1")), "tcp|host|1");
    EXPECT_EQ(detailOf(Error(Status::ConnectFailed)), "");
    const error_code reset = boost::asio::error::connection_reset;
    EXPECT_EQ(detailOf(boost::system::system_error(reset)), "");
}

TEST(ErrorDetail, NamesPlaceAndCause) {
    EXPECT_EQ(placeAndCause("tcp|host|1", "refused"), "tcp|host|1: refused");
    EXPECT_EQ(placeAndCause("tcp|host|1", ""), "tcp|host|1");
    EXPECT_EQ(placeAndCause("", "refused"), "refused");
    EXPECT_EQ(placeAndCause("", ""), "");
}

TEST(ErrorDetail, OfOneErrorIsTheCauseOfAnother) {
    EXPECT_EQ(failureOf(Error(make_error_code(Status::ConnectFailed), "tcp|host|1: refused")),
              "tcp|host|1: refused");
    const Error bare(Status::ShutdownStarted);
    EXPECT_EQ(failureOf(bare), bare.what());
}

}  // namespace
}  // namespace tempeh::flows::detail
