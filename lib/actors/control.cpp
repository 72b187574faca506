#include "actors/control.hpp"

namespace tempeh::actors::detail {

namespace {

void runControl(Node& node, Worker*) noexcept {
    const std::unique_ptr<Control> control(&static_cast<Control&>(node));
    auto& cell = *static_cast<Cell*>(control->cell.get());
    if (cell.isOver())
        control->otherwise(cell);
    else
        control->act(cell);
}

/// Arrivals are taken while an actor's code runs; a control has to wait until it does not.
void putOff(Node& node, Worker* worker) noexcept {
    node.run = &runControl;
    worker->runLater(node);
}

}  // namespace

void dispatchControl(std::unique_ptr<Control> control) noexcept {
    auto& cell = *static_cast<Cell*>(control->cell.get());
    if (cell.worker().isHere()) {
        control->run = &runControl;
        return cell.worker().runLater(*control.release());
    }
    control->run = &putOff;
    if (cell.worker().push(*control))
        static_cast<void>(control.release());
    else
        control->otherwise(cell);
}

}  // namespace tempeh::actors::detail
