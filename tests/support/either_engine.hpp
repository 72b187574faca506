#pragma once

#include <tempeh/tempeh.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace tempeh::test {

/// An engine in one of the two ways there are: with its own thread, or on a context that two threads run.
class EitherEngine {
public:
    explicit EitherEngine(bool isOwn, const Options& options = Options()) {
        if (isOwn) {
            reactor_ = std::make_unique<Reactor>(options);
            return;
        }
        context_ = std::make_unique<asio::io_context>();
        reactor_ = std::make_unique<Reactor>(*context_, options);
        work_.emplace(context_->get_executor());
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([this] { context_->run(); });
    }
    EitherEngine(const EitherEngine&) = delete;
    EitherEngine& operator=(const EitherEngine&) = delete;
    ~EitherEngine() {
        destroy();
        if (context_ == nullptr) return;
        work_.reset();
        context_->stop();
        for (std::thread& thread : threads_)
            thread.join();
    }
    /// The engine; a caller's context runs on.
    void destroy() { reactor_.reset(); }
    Reactor& operator*() { return *reactor_; }
    Reactor* operator->() { return reactor_.get(); }

private:
    std::unique_ptr<asio::io_context> context_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::vector<std::thread> threads_;
    std::unique_ptr<Reactor> reactor_;
};

}  // namespace tempeh::test
