// A Unix listener whose folder takes no file: that listener alone fails, and says why.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <system_error>

namespace tempeh::test {
namespace {

/// A file system in memory with room for few files; gone with this.
class SmallDisk {
public:
    explicit SmallDisk(unsigned files) : folder_(temporaryUdsPath()) {
        std::filesystem::create_directory(folder_);
        const std::string options = "size=64k,nr_inodes=" + std::to_string(files + 1);  // the folder is one
        if (::mount("tempeh", folder_.c_str(), "tmpfs", 0, options.c_str()) != 0)
            why_ = std::string("no file system may be mounted here: ") + std::strerror(errno);
    }
    ~SmallDisk() {
        if (why_.empty()) ::umount2(folder_.c_str(), MNT_DETACH);
        std::error_code ignored;
        std::filesystem::remove(folder_, ignored);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    /// Empty when it is there.
    const std::string& why() const { return why_; }
    std::filesystem::path path(const char* name) const { return folder_ / name; }
    void makeReadOnly() {
        if (::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
            throw std::system_error(errno, std::system_category(), "cannot remount");
    }

private:
    const std::filesystem::path folder_;
    std::string why_;
};

/// The reason that the ChannelClosed of a listener gives that could not be.
std::string failToListen(Party& party, const std::filesystem::path& path) {
    const ChannelNumber channel = party.sayHello(UdsServerAddress{path}).channelNumber;
    party.next(OpCode::WelcomeResponse, Status::ListenFailed);
    return reasonOf(*party.nextClosed(channel));
}

TEST(ListenerFolder, AFullDiskFailsOneListenerAlone) {
    SmallDisk disk(1);
    if (!disk.why().empty()) GTEST_SKIP() << disk.why();
    Side server;
    Side client;
    const Listening before = server->listen(UdsServerAddress{disk.path("first")});
    EXPECT_THAT(failToListen(server.party, disk.path("second")),
                ::testing::HasSubstr("No space left on device"));
    EXPECT_FALSE(std::filesystem::exists(disk.path("second")));
    converse(server.party, client.party, before.address);
    server->post(OpCode::ByeSignal, before.channel);
    server->nextClosed(before.channel);
    const Listening after = server->listen(UdsServerAddress{disk.path("second")});  // there is room again
    converse(server.party, client.party, after.address);
}

TEST(ListenerFolder, AReadOnlyFolderFailsOneListenerAlone) {
    SmallDisk disk(1);
    if (!disk.why().empty()) GTEST_SKIP() << disk.why();
    Side server;
    Side client;
    disk.makeReadOnly();
    EXPECT_THAT(failToListen(server.party, disk.path("path")), ::testing::HasSubstr("Read-only file system"));
    const Listening elsewhere = server->listen(UdsServerAddress{});
    converse(server.party, client.party, elsewhere.address);
}

TEST(ListenerFolder, AFileInItsPlaceIsNotTouched) {
    Side server;
    const std::filesystem::path path = temporaryUdsPath();
    std::ofstream(path) << "precious";
    EXPECT_THAT(failToListen(server.party, path), ::testing::HasSubstr("ListenFailed"));
    std::string content;
    std::ifstream(path) >> content;
    EXPECT_EQ(content, "precious");
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace tempeh::test
