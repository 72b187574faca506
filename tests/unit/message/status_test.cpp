#include <tempeh/message/status.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace tempeh {
namespace {

// The protocol's names, number by number.
const std::vector<std::string> wireNames{
    "success",
    "not_implemented_yet",
    "wrong_address",
    "not_allowed",
    "null_message",
    "invalid_message",
    "invalid_op_code",
    "invalid_headers_len",
    "invalid_body_len",
    "invalid_more_usage",
    "invalid_channel_number",
    "invalid_channel_group",
    "invalid_message_id",
    "invalid_address",
    "uds_path_not_found",
    "notification_disabled",
    "notification_failed",
    "peer_disconnected",
    "communication_failed",
    "pool_empty",
    "allocation_failed",
    "receiver_update",
    "channel_closed",
    "shutdown_started",
    "connect_failed",
    "listen_failed",
    "accept_failed",
    "send_failed",
    "recv_failed",
    "setsockopt_failed",
    "processing_failed",
    "unknown_error",
};

std::string pascalCase(const std::string& snake) {
    std::string result;
    bool upper = true;
    for (const char c : snake) {
        if (c == '_') {
            upper = true;
            continue;
        }
        result += upper ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return result;
}

std::vector<Status> allStatuses() {
    return {
#define TEMPEH_STATUS(number, name, reach, text) Status::name,
        TEMPEH_STATUSES(TEMPEH_STATUS)
#undef TEMPEH_STATUS
    };
}

TEST(Status, NumbersAndNamesAreThoseOfTheProtocol) {
    ASSERT_EQ(wireNames.size(), 32U);
    for (std::size_t raw = 0; raw != wireNames.size(); ++raw) {
        EXPECT_EQ(nameOf(static_cast<Status>(raw)), pascalCase(wireNames[raw])) << raw;
    }
    EXPECT_EQ(static_cast<int>(Status::UnknownError), 31);
}

// Programs store and log these numbers.
TEST(Status, ThoseOfTempehKeepTheirNumbers) {
    const std::vector<std::string_view> own{"SendQueueFull", "TooManyChannels", "Returned", "InvalidOption"};
    for (std::size_t i = 0; i != own.size(); ++i)
        EXPECT_EQ(nameOf(static_cast<Status>(64 + i)), own[i]);
    EXPECT_EQ(static_cast<int>(Status::SendQueueFull), 64);
    EXPECT_EQ(static_cast<int>(Status::InvalidOption), 67);
}

TEST(Status, OnlyThoseOfTheProtocolCrossTheWire) {
    for (int raw = 0; raw != 256; ++raw)
        EXPECT_EQ(crossesTheWire(static_cast<Status>(raw)), raw < 32) << raw;
    EXPECT_EQ(detail::wireByte<Status::ProcessingFailed>, 30);
}

TEST(Status, RawBytesWithoutANameReadAsUnknownError) {
    std::set<int> named;
    for (int raw = 0; raw != 256; ++raw) {
        const Status status = statusFromRaw(static_cast<std::uint8_t>(raw));
        if (status == Status::UnknownError) continue;
        EXPECT_EQ(static_cast<int>(status), raw);
        named.insert(raw);
    }
    std::set<int> expected;
    for (const Status status : allStatuses())
        if (status != Status::UnknownError) expected.insert(static_cast<int>(status));
    EXPECT_EQ(named, expected);
}

TEST(Status, HasAPlaceOfItsOwnInTables) {
    std::set<std::size_t> places;
    for (const Status status : allStatuses()) {
        const std::size_t place = detail::statusIndex(status);
        EXPECT_LT(place, detail::statusCount) << nameOf(status);
        EXPECT_TRUE(places.insert(place).second) << nameOf(status);
        EXPECT_EQ(detail::statusAt(place), status);
    }
    EXPECT_EQ(places.size(), detail::statusCount);
    EXPECT_EQ(detail::statusIndex(static_cast<Status>(200)), detail::statusIndex(Status::UnknownError));
}

TEST(Status, EveryStatusSaysWhatHappenedAndWhatToDo) {
    std::set<std::string> messages;
    std::set<std::string_view> names;
    for (const Status status : allStatuses()) {
        SCOPED_TRACE(nameOf(status));
        const std::string message = make_error_code(status).message();
        EXPECT_TRUE(messages.insert(message).second) << "the same text twice: " << message;
        EXPECT_TRUE(names.insert(nameOf(status)).second);
        const std::size_t separator = message.find("; ");
        ASSERT_NE(separator, std::string::npos) << message;
        EXPECT_GT(separator, 3U);
        EXPECT_GT(message.size() - separator, 10U);
        EXPECT_LE(message.size(), 220U);
        EXPECT_LE(std::count(message.begin(), message.end(), '\n'), 1);
    }
    EXPECT_EQ(messages.size(), detail::statusCount);
}

TEST(Status, ValuesWithoutANameHaveATextOfTheirOwn) {
    for (const int value : {-1, 32, 63, 64 + static_cast<int>(detail::ownStatusCount), 255, 256, 1 << 20}) {
        EXPECT_NE(statusCategory().message(value).find("not a status"), std::string::npos) << value;
    }
    EXPECT_EQ(nameOf(static_cast<Status>(63)), "unknown");
}

TEST(Status, ConvertsToAnErrorCode) {
    const error_code closed = Status::ChannelClosed;
    EXPECT_TRUE(closed);
    EXPECT_EQ(closed.value(), 22);
    EXPECT_EQ(&closed.category(), &statusCategory());
    EXPECT_STREQ(closed.category().name(), "tempeh");
    EXPECT_EQ(closed, Status::ChannelClosed);
    EXPECT_NE(closed, Status::PeerDisconnected);

    const error_code success = Status::Success;
    EXPECT_FALSE(success);
    EXPECT_FALSE(success.failed());

    char buffer[4];
    EXPECT_EQ(statusCategory().message(22, buffer, sizeof buffer), closed.message());
}

TEST(Status, StreamPrintsTheName) {
    std::ostringstream out;
    out << Status::PoolEmpty;
    EXPECT_EQ(out.str(), "PoolEmpty");
}

TEST(Error, CarriesCodeStatusAndText) {
    const Error error(Status::InvalidAddress, "tcp|host|99999");
    EXPECT_EQ(error.code(), Status::InvalidAddress);
    EXPECT_EQ(error.status(), Status::InvalidAddress);
    EXPECT_STREQ(
        error.what(),
        "InvalidAddress: The address is malformed: tcp|host|99999; write tcp|HOST|PORT or uds|PATH, a "
        "path of at most 107 bytes, no control characters");
    EXPECT_EQ(error.detail(), "tcp|host|99999");

    const Error plain(Status::NotAllowed);
    EXPECT_EQ(plain.status(), Status::NotAllowed);
    EXPECT_EQ(plain.what(), "NotAllowed: " + make_error_code(Status::NotAllowed).message());
    EXPECT_EQ(plain.detail(), "");
}

TEST(Error, OfTheSystemHasNoStatusOfItsOwn) {
    const error_code refused(ECONNREFUSED, boost::system::system_category());
    const Error error(refused, "127.0.0.1");
    EXPECT_EQ(error.code(), refused);
    EXPECT_EQ(error.status(), Status::UnknownError);
    EXPECT_EQ(error.what(), refused.message() + ": 127.0.0.1");
    EXPECT_EQ(error.detail(), "127.0.0.1");
    EXPECT_EQ(Error(refused).what(), refused.message());
    EXPECT_EQ(Error(refused).detail(), "");
    EXPECT_EQ(Error(error_code(-5, statusCategory())).status(), Status::UnknownError);
    EXPECT_EQ(Error(error_code(256, statusCategory())).status(), Status::UnknownError);
}

TEST(Error, IsCaughtAsASystemErrorAndCopiesWithoutThrowing) {
    static_assert(std::is_nothrow_copy_constructible_v<Error>);
    try {
        throw Error(Status::PoolEmpty, "detail");
    } catch (const boost::system::system_error& caught) {
        const Error copy(dynamic_cast<const Error&>(caught));
        EXPECT_STREQ(copy.what(), caught.what());
        EXPECT_EQ(copy.detail(), "detail");
        EXPECT_EQ(caught.code(), Status::PoolEmpty);
        EXPECT_NE(std::string(caught.what()).find("detail"), std::string::npos);
    }
}

}  // namespace
}  // namespace tempeh
