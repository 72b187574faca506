#pragma once

#include <boost/intrusive/slist.hpp>

#include <memory>
#include <utility>

namespace tempeh::core {

/// Something to be done on the reactor thread, later. Its memory is there before anybody is promised it: a
/// member of what it is about. Queued once at a time; Switchboard::enlist() takes it.
class Job : public boost::intrusive::slist_base_hook<> {
public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// In a turn of the reactor thread. Queued again from here on, when somebody enlists it.
    virtual void run() noexcept = 0;

protected:
    ~Job() = default;

private:
    friend class Switchboard;
    std::shared_ptr<void> keepAlive_;  // of what it is a member of; set while it is queued
};

/// A Job that calls a function.
template <typename Work>
class JobOf final : public Job {
public:
    explicit JobOf(Work work) : work_(std::move(work)) {}
    void run() noexcept override { work_(); }

private:
    Work work_;
};

/// A Job that calls a function of what it is a member of.
template <typename Owner, void (Owner::*run_)() noexcept>
class OwnJob final : public Job {
public:
    explicit OwnJob(Owner& owner) noexcept : owner_(owner) {}
    void run() noexcept override { (owner_.*run_)(); }

private:
    Owner& owner_;
};

}  // namespace tempeh::core
