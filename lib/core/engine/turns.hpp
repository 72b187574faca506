#pragma once

#include "core/engine/waiter_relay.hpp"
#include "core/engine/wake_channel.hpp"
#include "core/engine/whereabouts.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include <memory>

namespace tempeh::core {

/// An object with something to write at the end of a turn. Not owned; its destructor removes it from the
/// lists. Reactor thread.
class TurnWriter
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual void flush() noexcept = 0;

protected:
    TurnWriter() = default;
    ~TurnWriter() = default;
    TurnWriter(const TurnWriter&) = default;
    TurnWriter& operator=(const TurnWriter&) = default;
};

/// The turns in which the reactor thread works: what is written at the end of one, and what waits for the
/// next. Reactor thread, unless stated otherwise.
class Turns {
public:
    /// The owner of the turns.
    class Owner {
    public:
        /// Keeps the owner alive.
        virtual std::shared_ptr<Owner> holdOwner() noexcept = 0;
        /// Everything from the turn has been written.
        virtual void onTurnEnd() noexcept = 0;
        /// Must call runSoon() in a turn.
        virtual void onSoon() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    Turns(Owner& owner, boost::asio::io_context& context, const boost::asio::any_io_executor& executor)
        : owner_(owner), soon_(context, executor) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// One stretch of work. The end of the outermost one sends everything written meanwhile.
    class Scope {
    public:
        explicit Scope(Turns& turns) noexcept
            : turns_(turns), place_(turns.whereabouts_, Whereabouts::Doing::EngineWork) {
            ++turns_.depth_;
        }
        ~Scope() {
            if (turns_.depth_ == 1) turns_.end();
            --turns_.depth_;
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Turns& turns_;
        Whereabouts::Scope place_;
    };
    bool isInTurn() const noexcept { return depth_ != 0; }

    /// Flushes the writer at the end of the turn.
    void flushAtEnd(TurnWriter& writer) noexcept {
        if (!writer.is_linked()) dirty_.push_back(writer);
        if (depth_ == 0) [[unlikely]]
            scheduleSoon();
    }
    /// Flushes the writer at the end of a later turn, after other work had its turn.
    void flushLater(TurnWriter& writer) noexcept;
    /// Resumes a waiter of the reactor's executor after the current handler, without going through the
    /// scheduler.
    void resumeSoon(detail::Waiter& waiter) noexcept;
    /// Schedules another turn, after the handlers that are ready now.
    void scheduleSoon() noexcept;
    /// Runs the scheduled turn.
    void runSoon() noexcept;
    /// The context is being destroyed: resumes all ready waiters now.
    void release() noexcept;

    /// Any thread may read it.
    Whereabouts& whereabouts() noexcept { return whereabouts_; }
    const Whereabouts& whereabouts() const noexcept { return whereabouts_; }
    /// Marks that application code runs: a receiver of a message from the channel, or a resumed coroutine.
    Whereabouts::Scope atReceiver(ChannelNumber channel = 0) noexcept {
        return Whereabouts::Scope(whereabouts_, Whereabouts::Doing::Receiver, channel);
    }

private:
    using WriterList = boost::intrusive::list<TurnWriter, boost::intrusive::constant_time_size<false>>;

    void end() noexcept;
    void resumeReady() noexcept;

    Owner& owner_;
    Whereabouts whereabouts_;
    WakeChannel soon_;
    bool isSoonDue_ = false;  // a turn is pending in soon_
    int depth_ = 0;
    WriterList dirty_;
    WriterList later_;  // become dirty_ after other work had its turn
    WaiterList ready_;
};

}  // namespace tempeh::core
