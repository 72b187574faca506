// What a peer chooses (the path its socket is bound to) must not be able to write lines into the log, nor
// headers.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <filesystem>
#include <sstream>

namespace tempeh::test {
namespace {

/// Everything an engine logs, one line each.
struct LogText {
    std::ostringstream text;
    std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text, true));

    LogText() {
        logger->set_level(spdlog::level::debug);
        logger->set_pattern("LINE %v");
    }
    /// To be called when the engine is gone.
    std::size_t foreignLines() const {
        std::istringstream lines(text.str());
        std::size_t foreign = 0;
        for (std::string line; std::getline(lines, line);)
            foreign += line.starts_with("LINE ") ? 0 : 1;
        return foreign;
    }
};

/// A client whose socket is bound to a path of several lines.
class ForgingPeer {
public:
    explicit ForgingPeer(const std::string& server)
        : path_(temporaryUdsPath() + "\n[critical] root logged in\n~forged:1\n")
        , peer_(connect(path_, server)) {}
    ~ForgingPeer() { std::filesystem::remove(path_); }
    ForgingPeer(const ForgingPeer&) = delete;
    ForgingPeer& operator=(const ForgingPeer&) = delete;

    raw::Peer* operator->() { return &peer_; }

private:
    static raw::Peer connect(const std::string& own, const std::string& server) {
        raw::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un from = raw::unixAddress(own);
        const sockaddr_un to = raw::unixAddress(server);
        if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            throw std::runtime_error("no connection");
        return raw::Peer(std::move(socket));
    }

    std::string path_;
    raw::Peer peer_;
};

TEST(TextOfAPeers, WritesNoLinesIntoTheLogAndIsNamedAllTheSame) {
    LogText log;
    {
        Side server(Options{.logger = log.logger});
        const Listening listening = server->listen(UdsServerAddress{});
        ForgingPeer peer(std::get<UdsServerAddress>(listening.bound).path);
        peer->send(fromHex("00010300000000000000000100000000"));  // a HelloRequest
        const ChannelNumber channel = server->acceptHello();
        EXPECT_THAT(server->group.channelInfo(channel).peerAddress,
                    testing::HasSubstr("\\x0a[critical] root logged in\\x0a~forged:1\\x0a"));
        peer->send(fromHex("00010f00000000000000000100000000"));  // an opcode that there is not
        const MessagePtr notice = server->nextClosed(channel);
        EXPECT_THAT(peerOf(*notice), testing::HasSubstr("\\x0a[critical] root logged in"));
    }
    EXPECT_THAT(log.text.str(), testing::HasSubstr("root logged in"));
    EXPECT_EQ(log.foreignLines(), 0U) << log.text.str();
}

}  // namespace
}  // namespace tempeh::test
