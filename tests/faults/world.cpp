#include "faults/world.hpp"

#include "core/engine/context_anchor.hpp"
#include "core/group/group.hpp"
#include "faults/faulty_network.hpp"

#include <chrono>
#include <filesystem>
#include <new>

namespace tempeh::faults {

using namespace std::chrono_literals;

Options shortTimeouts() {
    Options options;
    options.initialPoolMessages = 4;
    options.connectTimeout = 2s;
    options.helloTimeout = 2s;
    options.byeTimeout = 1s;
    options.lingerTimeout = 500ms;
    options.logger = nullptr;
    return options;
}

namespace {

/// The engine's core, in an environment of the test's.
class CoreEngine final : public Ampe {
public:
    CoreEngine(asio::io_context& context, const Options& options)
        : engine_(std::make_shared<core::Engine>(context, context.get_executor(), options,
                                                 environment(context, options), false)) {
        asio::use_service<core::ContextAnchor>(context).add(engine_);
    }
    ~CoreEngine() override { engine_->life().forceStopSoon(); }

    MessagePtr get(AllocationStrategy strategy) override { return engine_->pool().get(strategy); }
    ChannelGroup createGroup(error_code& ec) override {
        std::shared_ptr<core::Group> group = engine_->createGroup(ec);
        return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
    }
    EngineStats stats() const override { return engine_->stats(); }
    ShutdownReport shutdown(Duration deadline, error_code& ec) override {
        return engine_->life().shutdown(deadline, ec);
    }

private:
    static core::Environment environment(asio::io_context& context, const Options& options) {
        const asio::any_io_executor executor = context.get_executor();
        core::Environment environment = core::Environment::ofSystem(executor, options);
        environment.network = makeFaultyNetwork(std::move(environment.network), executor);
        return environment;
    }

    std::shared_ptr<core::Engine> engine_;
};

}  // namespace

Node::Node(Home home, const Options& options) {
    const Exposed exposed;
    if (home == Home::OwnThread) {
        engine_ = std::make_unique<Reactor>(options);
        return;
    }
    context_.emplace();
    work_.emplace(context_->get_executor());
    if (home == Home::Context)
        engine_ = std::make_unique<Reactor>(*context_, options);
    else
        engine_ = std::make_unique<CoreEngine>(*context_, options);
    const Spared spared;
    thread_ = std::thread([this] { run(); });
}

/// Asio lets a failed allocation of its own out of run(), as it does what any handler throws.
void Node::run() {
    for (;;) {
        try {
            context_->run();
            return;
        } catch (const std::bad_alloc&) {
            continue;
        }
    }
}

void Node::end() noexcept {
    const Exposed exposed;
    engine_.reset();
}

Node::~Node() {
    end();
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

namespace {

constexpr Duration serverPatience = 20s;

MessagePtr expect(ChannelGroup& group, OpCode opCode) {
    for (;;) {
        MessagePtr message = group.blocking().waitReceive(serverPatience);
        if (message == nullptr || message->header.opCode == opCode) return message;
        if (message->isChannelClosed()) return nullptr;
    }
}

}  // namespace

Bystander::Bystander(Ampe& engine)
    : engine_(engine), server_(engine.createGroup()), client_(engine.createGroup()) {
    MessagePtr welcome = engine.get();
    TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
    server_.post(std::move(welcome));
    const MessagePtr bound = expect(server_, OpCode::WelcomeResponse);
    const auto address = std::get<TcpServerAddress>(parseAddress(*bound));
    MessagePtr hello = engine.get();
    TcpClientAddress{address.host, address.port}.format(*hello);
    atClient_ = client_.post(std::move(hello)).channelNumber;
    MessagePtr knock = expect(server_, OpCode::HelloRequest);
    atServer_ = knock->header.channelNumber;
    knock->header.opCode = OpCode::HelloResponse;
    server_.post(std::move(knock));
    expect(client_, OpCode::HelloResponse);
    // Theirs is not what is to fail.
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        spareDescriptor(std::stoi(entry.path().filename().string()), true);
}

std::string Bystander::check() {
    error_code ec;
    MessagePtr request = engine_.get();
    request->header.opCode = OpCode::Request;
    request->header.channelNumber = atClient_;
    client_.post(std::move(request), ec);
    if (ec) return "the other channel takes no message: " + ec.message();
    MessagePtr arrived = expect(server_, OpCode::Request);
    if (arrived == nullptr) return "the other channel delivers no request";
    arrived->header.opCode = OpCode::Response;
    server_.post(std::move(arrived), ec);
    if (ec) return "the other channel takes no answer: " + ec.message();
    if (expect(client_, OpCode::Response) == nullptr) return "the other channel delivers no answer";
    return {};
}

// --- Ledger ---

void Ledger::posted(const BinaryHeader& header) {
    fates_[header.messageId].push_back({header.opCode, 0, 0});
    if (isRegular(header.opCode)) ++regularPosted_;
}

void Ledger::arrived(const Message& message) {
    if (!isRegular(message.header.opCode)) return;
    const auto found = fates_.find(message.header.messageId);
    const bool isNotice = message.isFromEngine() && message.header.opCode == OpCode::Signal &&
                          (message.isChannelClosed() || message.status() == Status::ReceiverUpdate ||
                           message.status() == Status::PoolEmpty || message.status() == Status::AcceptFailed);
    if (isNotice && message.textHeaders.find("tag") == std::nullopt) return;
    if (found != fates_.end()) {
        for (Fate& fate : found->second) {
            if (fate.opCode != message.header.opCode) continue;
            ++(message.isFromEngine() ? fate.returned : fate.delivered);
            return;
        }
    }
    surprises_ += "nobody posted " + std::string(nameOf(message.header.opCode)) + " " +
                  std::to_string(message.header.messageId) + "\n";
}

std::string Ledger::judge(std::uint64_t sent) const {
    std::string wrong = surprises_;
    std::uint64_t returned = 0;
    for (const auto& [id, fates] : fates_) {
        for (const Fate& fate : fates) {
            if (!isRegular(fate.opCode)) continue;
            returned += static_cast<std::uint64_t>(fate.returned);
            if (fate.delivered + fate.returned > 1)
                wrong += std::string(nameOf(fate.opCode)) + " " + std::to_string(id) + " was delivered " +
                         std::to_string(fate.delivered) + " times and returned " +
                         std::to_string(fate.returned) + " times\n";
        }
    }
    if (sent + returned < regularPosted_)
        wrong += "of " + std::to_string(regularPosted_) + " posted messages " + std::to_string(sent) +
                 " were sent and " + std::to_string(returned) + " came back\n";
    return wrong;
}

std::size_t openDescriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        (void)entry;
        ++count;
    }
    return count;
}

}  // namespace tempeh::faults
