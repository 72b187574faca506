#include "transport/uds/folder_lock.hpp"
#include "transport/uds/uds_listener.hpp"
#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/system/errc.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <sys/wait.h>

namespace tempeh::transport {
namespace {

namespace fs = std::filesystem;
namespace errc = boost::system::errc;

/// A server in another process that listens on a path until it is told to die.
class OtherProcess {
public:
    explicit OtherProcess(const std::string& path) {
        int ready[2];
        int end[2];
        EXPECT_EQ(::pipe(ready) | ::pipe(end), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(end[1]);
            serve(path, ready[1], end[0]);
        }
        ::close(ready[1]);
        ::close(end[0]);
        end_ = end[1];
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        ::close(ready[0]);
    }
    ~OtherProcess() {
        ::close(end_);
        ::waitpid(child_, nullptr, 0);
    }

private:
    [[noreturn]] static void serve(const std::string& path, int ready, int end) {
        const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const sockaddr_un address = unixPath(path);
        if (::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
        if (::listen(server, 16) != 0 || ::write(ready, "r", 1) != 1) ::_exit(1);
        char byte = 0;
        [[maybe_unused]] const ssize_t ended = ::read(end, &byte, 1);
        ::_exit(0);
    }

    pid_t child_ = -1;
    int end_ = -1;
};

class UnixListenerTest : public NetworkTest {
protected:
    void SetUp() override {
        folder_ = temporaryUdsPath() + ".d";
        fs::create_directory(folder_);
        path_ = folder_ + "/s";
    }
    void TearDown() override { fs::remove_all(folder_); }

    error_code openAnother() {
        const std::unique_ptr<Listener> listener = network_->makeListener("uds");
        return open(*listener, UdsServerAddress(path_));
    }
    static mode_t modeOf(const std::string& path) {
        struct stat there {};
        EXPECT_EQ(::lstat(path.c_str(), &there), 0);
        return there.st_mode & 07777;
    }

    std::string folder_;
    std::string path_;
};

TEST_F(UnixListenerTest, MakesAFreshPathWhenNoneIsGiven) {
    const std::unique_ptr<Listener> first = listenOn(UdsServerAddress());
    const std::unique_ptr<Listener> second = listenOn(UdsServerAddress());
    const std::string path = std::get<UdsServerAddress>(first->boundAddress()).path;
    EXPECT_FALSE(path.empty());
    EXPECT_TRUE(fs::is_socket(path));
    EXPECT_NE(path, std::get<UdsServerAddress>(second->boundAddress()).path);
    EXPECT_TRUE(connectTo(UdsClientAddress(path))->stream);
    first->close();
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(UnixListenerTest, ReplacesTheFileOfADeadServer) {
    leaveStaleFile(path_);
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    EXPECT_TRUE(connectTo(UdsClientAddress(path_))->stream);
}

TEST_F(UnixListenerTest, ReplacesTheFileOfAServerThatDiedInAnotherProcess) {
    { const OtherProcess server(path_); }
    ASSERT_TRUE(fs::is_socket(path_));
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    EXPECT_TRUE(connectTo(UdsClientAddress(path_))->stream);
}

TEST_F(UnixListenerTest, NeverStealsThePathOfALiveServer) {
    const std::unique_ptr<Listener> first = listenOn(UdsServerAddress(path_));
    EXPECT_EQ(openAnother(), asio::error::address_in_use);
    const Pair pair = connectPair(*first, UdsClientAddress(path_));  // the probe came before it and is gone
    EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(UnixListenerTest, NeverStealsThePathOfALiveServerInAnotherProcess) {
    const OtherProcess server(path_);
    EXPECT_EQ(openAnother(), asio::error::address_in_use);
    EXPECT_TRUE(connectTo(UdsClientAddress(path_))->stream);
}

TEST_F(UnixListenerTest, NeverStealsThePathOfAServerTooBusyToAccept) {
    const RawSocket server = RawSocket::make(AF_UNIX);
    ASSERT_EQ(bindTo(server, unixPath(path_)), 0);
    ASSERT_EQ(::listen(server.get(), 0), 0);
    const RawSocket queued = RawSocket::make(AF_UNIX);
    ASSERT_EQ(transport::connectTo(queued, unixPath(path_)), 0);
    EXPECT_EQ(openAnother(), asio::error::address_in_use);
    EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(UnixListenerTest, NeverTouchesWhatIsNotASocket) {
    std::ofstream(path_) << "precious";
    EXPECT_EQ(openAnother(), errc::not_a_socket);
    EXPECT_EQ(fs::file_size(path_), 8u);

    fs::remove(path_);
    fs::create_symlink(folder_ + "/nowhere", path_);
    EXPECT_EQ(openAnother(), errc::not_a_socket);
    EXPECT_TRUE(fs::is_symlink(path_));

    fs::remove(path_);
    fs::create_directory(path_);
    EXPECT_EQ(openAnother(), errc::not_a_socket);
    EXPECT_TRUE(fs::is_directory(path_));
}

TEST_F(UnixListenerTest, RemovesItsFileWhenItCloses) {
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    EXPECT_TRUE(fs::is_socket(path_));
    listener->close();
    EXPECT_FALSE(fs::exists(path_));
    std::ofstream(path_) << "another's";
    listener->close();  // again
    EXPECT_TRUE(fs::exists(path_));
}

TEST_F(UnixListenerTest, RemovesItsFileWhenItIsDestroyed) {
    listenOn(UdsServerAddress(path_)).reset();
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(UnixListenerTest, LeavesAFileThatTookThePlaceOfItsOwn) {
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    fs::remove(path_);
    const RawSocket usurper = RawSocket::make(AF_UNIX);
    ASSERT_EQ(bindTo(usurper, unixPath(path_)), 0);
    listener->close();
    EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(UnixListenerTest, GivesTheFileTheModeAskedFor) {
    const mode_t before = ::umask(027);
    for (const std::uint32_t mode : {0600u, 0660u, 0666u, 0777u, 0u}) {
        const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_, mode));
        EXPECT_EQ(modeOf(path_), mode);
        EXPECT_EQ(std::get<UdsServerAddress>(listener->boundAddress()).mode, mode);
    }
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    EXPECT_EQ(modeOf(path_), 0777u & ~027u);
    ::umask(before);
}

TEST_F(UnixListenerTest, ReportsAFolderThatDoesNotExist) {
    path_ = folder_ + "/missing/s";
    EXPECT_EQ(openAnother(), errc::no_such_file_or_directory);
}

TEST_F(UnixListenerTest, RejectsPathsThatAreNone) {
    for (const std::string& path : {std::string(108, 'p'), std::string("@"), std::string("a\0b", 3)}) {
        const std::unique_ptr<Listener> listener = network_->makeListener("uds");
        EXPECT_EQ(open(*listener, UdsServerAddress(path)), Status::InvalidAddress);
    }
}

TEST_F(UnixListenerTest, TakesTheLongestPath) {
    path_ = folder_ + '/' + std::string(107 - folder_.size() - 1, 'p');
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress(path_));
    const Pair pair = connectPair(*listener, UdsClientAddress(path_));
    EXPECT_EQ(pair.client->info().peerAddress, "uds|" + path_);
    EXPECT_EQ(pair.server->info().localAddress, "uds|" + path_);
}

TEST_F(UnixListenerTest, WaitsWhileAnotherServerReplacesAFileInTheFolder) {
    leaveStaleFile(path_);
    FolderLock other;
    error_code ec;
    other.tryLock(path_, ec);
    ASSERT_FALSE(ec) << ec.message();
    const std::unique_ptr<Listener> listener = network_->makeListener("uds");
    const AttemptPtr opening = startOpen(*listener, UdsServerAddress(path_));
    runReady();
    EXPECT_FALSE(opening->isDone);
    other.release();
    finish(opening);
    EXPECT_FALSE(opening->ec) << opening->ec.message();
}

TEST_F(UnixListenerTest, CloseEndsAnOpenThatWaitsForTheFolder) {
    FolderLock other;
    error_code ec;
    other.tryLock(path_, ec);
    const std::unique_ptr<Listener> listener = network_->makeListener("uds");
    const AttemptPtr opening = startOpen(*listener, UdsServerAddress(path_));
    runReady();
    listener->close();
    EXPECT_FALSE(opening->isDone);
    finish(opening);
    EXPECT_EQ(opening->ec, asio::error::operation_aborted);
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(UnixListenerTest, AFolderLockIsExclusiveAndGivenBack) {
    FolderLock first;
    FolderLock second;
    error_code ec;
    first.tryLock(path_, ec);
    EXPECT_FALSE(ec);
    second.tryLock(path_, ec);
    EXPECT_EQ(ec, asio::error::would_block);
    EXPECT_FALSE(second.isLocked());
    first.release();
    second.tryLock(path_, ec);
    EXPECT_TRUE(second.isLocked());
    second.tryLock(folder_ + "/missing/s", ec);
    EXPECT_EQ(ec, errc::no_such_file_or_directory);
}

#if defined(__linux__)
TEST_F(UnixListenerTest, AnAbstractNameLeavesNoFileAndIsNotShared) {
    const std::string name = "@" + path_;
    std::unique_ptr<Listener> first = listenOn(UdsServerAddress(name));
    EXPECT_EQ(std::get<UdsServerAddress>(first->boundAddress()).path, name);
    EXPECT_TRUE(fs::is_empty(folder_));
    const Pair pair = connectPair(*first, UdsClientAddress(name));
    EXPECT_EQ(pair.client->info().peerAddress, "uds|" + name);

    const std::unique_ptr<Listener> second = network_->makeListener("uds");
    EXPECT_EQ(open(*second, UdsServerAddress(name)), asio::error::address_in_use);
    first->close();
    first = listenOn(UdsServerAddress(name));
}
#endif

}  // namespace
}  // namespace tempeh::transport
