// Package sim runs seeded random histories over several replicas: people edit, sessions run, answers are lost,
// processes die between any two steps, listings are cut short, clocks lie. After every quiet point it checks the six
// invariants of the engine (no loss, convergence, idempotence, no invention, echo-free, order-free). A failing seed prints the
// shortest script of steps that still fails.
//
// Everything a person writes carries a token that occurs nowhere else, so that "lost", "doubled" and "invented" can be
// decided by looking for tokens. See specimen.go for how bodies carry them and ledger.go for what each token's fate may be.
//
// The simulation must be able to find bugs: mutants_test.go plants known ones around the real code and requires that
// each is caught.
package sim
