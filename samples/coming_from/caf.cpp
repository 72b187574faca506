// docs/coming_from/caf.md: the account of
// samples/actors/account.cpp in CAF 0.17.

#include <caf/all.hpp>
#include <chrono>
#include <cstdio>
#include <string>

using Deposit = caf::atom_constant<caf::atom("deposit")>;
using Withdraw = caf::atom_constant<caf::atom("withdraw")>;

caf::behavior account(caf::stateful_actor<int>* self) {
    self->state = 0;
    return {
        [=](Deposit, int cents) { self->state += cents; },
        [=](Withdraw, int cents) -> caf::result<int> {
            if (cents > self->state)
                return caf::make_error(
                    caf::sec::runtime_error,
                    "not enough money");
            return self->state -= cents;
        }};
}

void withdraw(caf::event_based_actor* self, caf::actor from,
              int cents) {
    self->request(from, std::chrono::minutes(1),
                  Withdraw::value, cents)
        .then(
            [](int left) {
                std::printf("%d left\n", left);
            },
            [](caf::error& error) {
                std::printf("Refused: %s\n",
                            error.context()
                                .get_as<std::string>(0)
                                .c_str());
            });
}

void useAccount(caf::event_based_actor* self) {
    const caf::actor to = self->spawn(account);
    self->send(to, Deposit::value, 100);
    withdraw(self, to, 30);
    withdraw(self, to, 500);
}

int main() {
    caf::actor_system_config config;
    caf::actor_system system(config);
    system.spawn(useAccount);
}
