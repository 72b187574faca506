#include "support/hostile_peer/kinds.hpp"

#include "support/hostile_inputs.hpp"

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace tempeh::test::hostile {

namespace {

using namespace std::chrono_literals;

// --- Slow, or silent ---

bool silence(Connection& connection, unsigned, Session&) {
    return connection.drain();
}

bool slowHello(Connection& connection, unsigned step, Session&) {
    const Bytes hello = raw::Frame{.proto = 3, .headers = "x:" + std::string(60'000, 'x')}.bytes();
    return connection.drain() && connection.send(std::span(hello).subspan(step % hello.size(), 1));
}

bool slowFrame(Connection& connection, unsigned step, Session&) {
    if (step == 0) return connection.send(raw::helloRequest());
    const Bytes frame = raw::Frame{.proto = 2, .body = std::string(60'000, 'x')}.bytes();
    return connection.drain() && connection.send(std::span(frame).subspan((step - 1) % frame.size(), 1));
}

/// Asks for answers that it never takes.
bool slowReader(Connection& connection, unsigned step, Session&) {
    if (step == 0) connection.shrinkReceiveBuffer();
    if (step == 0) return connection.send(raw::helloRequest());
    static const Bytes request = raw::Frame{.proto = 0, .body = std::string(1000, 'x')}.bytes();
    // A server that reads as fast as this writes must not keep it from ending.
    std::size_t& sent = connection.sentOfFrame;
    for (int writes = 0; writes < 256; ++writes) {
        const std::size_t size = connection.sendSome(std::span(request).subspan(sent));
        if (size == 0) break;
        sent = (sent + size) % request.size();
    }
    return !connection.isOver();
}

bool halfOpen(Connection& connection, unsigned step, Session&) {
    if (step == 0 && !connection.send(raw::helloRequest())) return false;
    if (step == 1) connection.shutdownSend();
    return connection.drain();
}

bool hold(Connection& connection, unsigned step, Session&) {
    if (step == 0) return connection.send(raw::helloRequest());
    return connection.drain();
}

/// Half of a frame, written together with the hello: who has seen the hello can stop it there.
bool holdFrame(Connection& connection, unsigned step, Session&) {
    if (step > 0) return connection.drain();
    const Bytes frame = raw::Frame{.proto = 2, .id = 5, .body = std::string(1000, 'x')}.bytes();
    Bytes start = raw::helloRequest().bytes();
    start.insert(start.end(), frame.begin(), frame.begin() + 500);
    return connection.send(start);
}

// --- Rude ends ---

bool resets(Connection& connection, unsigned step, Session& session) {
    const Bytes hello = raw::helloRequest().bytes();
    const Bytes request = raw::Frame{.proto = 0, .body = "body"}.bytes();
    const auto stage = session.random() % 6;
    if (stage == 1) connection.send(std::span(hello).first(10));
    if (stage >= 2) connection.send(hello);
    if (stage == 3) connection.send(std::span(request).first(18));
    if (stage == 4) connection.send(request);
    if (stage == 5) connection.send(raw::Frame{.proto = 5, .id = 9});
    if (step == 0 && session.random() % 2 == 0) return true;  // a moment later
    connection.reset();
    return false;
}

/// Ends in every odd state; each is polite at first.
bool byes(Connection& connection, unsigned step, Session& session) {
    if (step != 0) return step < 20 && connection.drain();
    const raw::Frame request{.proto = 5, .id = 9};
    const raw::Frame response{.proto = 6, .id = 9};
    switch (session.random() % 6) {
        case 0:
            return connection.send(request);
        case 1:
            return connection.send(response);
        case 2:
            return connection.send(raw::helloRequest()) && connection.send(request) &&
                   connection.send(request);
        case 3:
            return connection.send(raw::helloRequest()) && connection.send(response);
        case 4:
            return connection.send(raw::helloRequest()) && connection.send(request) &&
                   connection.send(response);
        default:
            return connection.send(raw::helloRequest()) && connection.send(request) &&
                   connection.send(raw::Frame{.proto = 0, .body = "after the bye"});
    }
}

// --- Nonsense ---

/// Each input of the list as the first word, or behind a Hello.
bool nonsense(Connection& connection, unsigned step, Session& session) {
    if (step != 0) return step < 20 && connection.drain();
    static const std::vector<Input> inputs = allInputs();
    if (session.random() % 2 == 0) connection.send(raw::helloRequest());
    return connection.send(inputs[session.random() % inputs.size()].bytes);
}

bool garbage(Connection& connection, unsigned step, Session& session) {
    if (step != 0) return step < 20 && connection.drain();
    if (session.random() % 2 == 0) connection.send(raw::helloRequest());
    return connection.send(randomBytes(session.random() % 5000, static_cast<unsigned>(session.random())));
}

/// Announces 128 KiB that never come.
bool lengths(Connection& connection, unsigned step, Session&) {
    if (step == 0) connection.send(raw::helloRequest());
    if (step == 0)
        return connection.send(raw::Frame{.proto = 0, .headersLength = 65'535, .bodyLength = 65'535});
    return connection.drain();
}

bool unasked(Connection& connection, unsigned step, Session& session) {
    if (step == 0) return connection.send(raw::helloRequest());
    const unsigned proto = session.random() % 8 == 0 ? 4 : 1;
    return connection.drain() &&
           connection.send(raw::Frame{.proto = proto, .id = session.random(), .body = "you asked"});
}

// --- Many ---

bool flood(Connection& connection, unsigned, Session& session) {
    if (session.random() % 2 == 0) connection.reset();
    return false;
}

bool helloStorm(Connection& connection, unsigned, Session& session) {
    connection.send(raw::helloRequest());
    if (session.random() % 2 == 0) connection.reset();
    return false;
}

// --- Processes ---

/// A process of its own with a connection, in the middle of a frame or not, that is stopped and then killed
/// or continued.
void stopProcesses(Session& session, bool kill) {
    const auto pause = session.interval.count() != 0 ? session.interval : 500ms;
    while (!session.isOver()) {
        Connection connection = session.connect();
        if (!connection.isOpen()) {
            std::this_thread::sleep_for(10ms);
            continue;
        }
        const bool inFrame = session.random() % 2 == 0;
        const pid_t parent = ::getpid();
        const pid_t child = ::fork();
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(0);
            connection.send(raw::helloRequest());
            const Bytes frame = raw::Frame{.proto = 0, .body = std::string(1000, 'x')}.bytes();
            connection.send(inFrame ? std::span(frame).first(500) : std::span(frame));
            if (!kill) ::raise(SIGSTOP);
            ::pause();
            ::_exit(0);
        }
        connection.close();  // the child's alone
        std::this_thread::sleep_for(std::min(pause, std::chrono::ceil<std::chrono::milliseconds>(
                                                        session.end - std::chrono::steady_clock::now())));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }
}

void stopped(Session& session) {
    stopProcesses(session, false);
}
void killed(Session& session) {
    stopProcesses(session, true);
}

constexpr std::array kinds{
    Kind{"silence", "connects and says nothing", 50, 100ms, silence},
    Kind{"slow-hello", "a HelloRequest, byte by byte", 20, 100ms, slowHello},
    Kind{"slow-frame", "a long frame behind the hello, byte by byte", 20, 100ms, slowFrame},
    Kind{"slow-reader", "sends requests and never reads", 5, 10ms, slowReader},
    Kind{"half-open", "shuts its direction down behind the hello", 20, 100ms, halfOpen},
    Kind{"hold", "says hello, then nothing", 20, 100ms, hold},
    Kind{"hold-frame", "says hello and half of a frame, then nothing", 20, 100ms, holdFrame},
    Kind{"resets", "RST in every state", 4, 5ms, resets},
    Kind{"byes", "byes where none may be", 8, 10ms, byes},
    Kind{"nonsense", "TLS, HTTP, wrong opcodes, roles, lengths and headers", 8, 10ms, nonsense},
    Kind{"garbage", "random bytes", 8, 10ms, garbage},
    Kind{"lengths", "announces 128 KiB that never come", 50, 100ms, lengths},
    Kind{"unasked", "responses nobody asked for", 4, 10ms, unasked},
    Kind{"flood", "connects and goes, on and on", 1, 2ms, flood},
    Kind{"hello-storm", "connects, says hello and goes, on and on", 1, 2ms, helloStorm},
    Kind{"stopped", "processes that are stopped, also in the middle of a frame", 0, 0ms, nullptr, stopped},
    Kind{"killed", "processes that are killed, also in the middle of a frame", 0, 0ms, nullptr, killed},
};

struct Member {
    Connection connection;
    unsigned step = 0;
};

}  // namespace

std::span<const Kind> allKinds() {
    return kinds;
}

void run(const Kind& kind, Session session) {
    if (kind.step == nullptr) return kind.run(session);
    const unsigned count = session.connections != 0 ? session.connections : kind.connections;
    const auto interval = session.interval.count() != 0 ? session.interval : kind.interval;
    std::vector<Member> crowd;
    while (!session.isOver()) {
        while (crowd.size() < count && !session.isOver()) {
            Connection connection = session.connect();
            if (!connection.isOpen()) break;
            crowd.push_back({std::move(connection)});
        }
        std::erase_if(crowd, [&](Member& member) {
            return !kind.step(member.connection, member.step++, session) || !member.connection.isOpen();
        });
        std::this_thread::sleep_for(interval);
    }
}

}  // namespace tempeh::test::hostile
