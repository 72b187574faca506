#pragma once

#include "actors/cell.hpp"
#include "actors/out_of_memory.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace tempeh::actors::detail {

/// Something a worker does to one of its cells. Owned by the queue it is in.
struct Control : Node {
    virtual ~Control() = default;
    virtual void act(Cell& to) noexcept = 0;
    /// In its place, once the cell is over.
    virtual void otherwise(Cell& over) noexcept = 0;

    CellRef cell;
};

/// Takes the control to its cell's worker, from any thread.
void dispatchControl(std::unique_ptr<Control> control) noexcept;

struct DoNothing {
    void operator()(Cell&) const noexcept {}
};

template <typename Act, typename Otherwise>
struct ControlOf final : Control {
    static_assert(std::is_nothrow_move_constructible_v<Act> &&
                  std::is_nothrow_move_constructible_v<Otherwise>);

    ControlOf(Act&& toDo, Otherwise&& toDoOtherwise) noexcept
        : act_(std::move(toDo)), otherwise_(std::move(toDoOtherwise)) {}
    void act(Cell& to) noexcept override { act_(to); }
    void otherwise(Cell& over) noexcept override { otherwise_(over); }

private:
    Act act_;
    Otherwise otherwise_;
};

/// Sends a control to a cell, from any thread. It runs on the cell's worker while none of its actors' code
/// does, before the next message; `otherwise` runs in its place once the cell is over. On a worker that is
/// closed that runs at once.
template <typename Act, typename Otherwise = DoNothing>
void sendControl(CellRef cell, Act act, Otherwise otherwise = {}) noexcept {
    std::unique_ptr<Control> control;
    untilThereIsMemory(
        [&] { control = std::make_unique<ControlOf<Act, Otherwise>>(std::move(act), std::move(otherwise)); });
    control->cell = std::move(cell);
    dispatchControl(std::move(control));
}

}  // namespace tempeh::actors::detail
