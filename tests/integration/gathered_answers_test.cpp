// Who writes the answers of a thread: the thread itself when it is about to wait, the reactor, together, when
// more waits to be answered.

#include "support/engine_fixture.hpp"

#include <boost/asio/post.hpp>

#include <future>

namespace tempeh::test {
namespace {

/// Keeps a reactor's thread from doing anything as long as it exists.
class HeldReactor {
public:
    explicit HeldReactor(Reactor& reactor) {
        std::promise<void> isHeld;
        asio::post(reactor.executor(), [&isHeld, released = release_.get_future().share()] {
            isHeld.set_value();
            released.wait();
        });
        isHeld.get_future().wait();
    }
    ~HeldReactor() { release_.set_value(); }
    HeldReactor(const HeldReactor&) = delete;
    HeldReactor& operator=(const HeldReactor&) = delete;

private:
    std::promise<void> release_;
};

class GatheredAnswers : public testing::Test {
protected:
    /// A few questions and answers, after which threads may write by themselves.
    GatheredAnswers() {
        for (int i = 0; i < 3; ++i) {
            link_.client->post(OpCode::Request, link_.atClient, "question");
            answerOne();
            link_.client->next(OpCode::Response);
        }
    }
    void ask(std::size_t count) {
        MessageQueue requests;
        while (requests.size() < count)
            requests.pushBack(link_.client->make(OpCode::Request, link_.atClient, "q", ++asked_));
        link_.client->channels.postAll(requests);
        ASSERT_TRUE(eventually([&] { return link_.server->group.stats().pending == count; }));
    }
    void answerOne() {
        MessagePtr message = link_.server->next(OpCode::Request);
        message->header.opCode = OpCode::Response;
        link_.server->post(std::move(message));
    }
    std::uint64_t writes() const { return link_.server.reactor.stats().writes; }

    Link link_;
    MessageId asked_ = 0;
};

TEST_F(GatheredAnswers, AThreadWritesTheAnswerToTheOnlyQuestion) {
    ask(1);
    const HeldReactor held(link_.server.reactor);
    answerOne();
    EXPECT_EQ(link_.client->next(OpCode::Response)->header.messageId, 1U);
}

TEST_F(GatheredAnswers, TheReactorWritesTheAnswersToManyTogether) {
    constexpr std::size_t count = 40;
    ask(count);
    std::uint64_t before = 0;
    {
        const HeldReactor held(link_.server.reactor);
        before = writes();
        for (std::size_t i = 0; i < count; ++i)
            answerOne();
        EXPECT_EQ(writes(), before);
    }
    for (MessageId id = 1; id <= count; ++id)
        EXPECT_EQ(link_.client->next(OpCode::Response)->header.messageId, id);
    EXPECT_LE(writes() - before, 2U);
}

// A receiver that takes its time, or never comes back, keeps no answer from going out.
TEST_F(GatheredAnswers, AnAnswerDoesNotWaitForTheNext) {
    ask(2);
    answerOne();
    EXPECT_EQ(link_.client->next(OpCode::Response)->header.messageId, 1U);
    EXPECT_EQ(link_.server->group.stats().pending, 1U);
}

}  // namespace
}  // namespace tempeh::test
