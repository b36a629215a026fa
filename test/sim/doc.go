// Package sim runs seeded random histories over several replicas: people edit, sessions run, answers are lost,
// processes die between any two steps, listings are cut short, backups are restored, filters change, clocks lie. Pairs go both
// ways, one way or mirror. After every quiet point it checks the six invariants of the engine: no loss, convergence, idempotence, no
// invention, echo-free, order-free (histories without trouble are played once more with sides exchanged and listings
// reversed). A failing seed prints the shortest script of steps that still fails.
//
// Everything a person writes carries a token that occurs nowhere else, so that "lost", "doubled" and "invented" can be
// decided by looking for tokens. See specimen.go for how bodies carry them and ledger.go for what each token's fate may be.
//
// The simulation must be able to find bugs: mutants.go plants known ones around the real code, and TestMutants requires
// that each is caught.
//
//	go test ./test/sim -run TestHistories -sim.n=10000
//	go test ./test/sim -run TestMutants -v
//	go test ./test/sim -run TestHistories -sim.seed=N -v
package sim
