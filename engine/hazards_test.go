package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/need"
)

// hazards says which test covers which hazard (H1 to H40) and invariant (I1 to I20) of the list of ways in which sync engines have
// lost data. Names are of tests, or of files of testdata; what begins with "not here:" is nothing that a planner sees, and says
// whose it is.
var hazards = map[string]string{
	"H1":  "TestEmptiedSideIsHeld",                                                           // an unmounted disk
	"H2":  "TestReplacedStoreDeletesNothing scenarios/first.txt",                             // a marker made anew by hand
	"H3":  "TestFreshFilesDoNotHideAnEmptiedSide TestGuardEdges",                             // a fresh file system
	"H4":  "TestIncompleteListingDeletesNothing TestUnfinishedViewDeletesNothing",            // an error read as an empty list
	"H5":  "TestRestoredBackupDoesNotRollBack",                                               // a server restored from a backup
	"H6":  "TestScopeAloneDoesNothing TestDeletedDirectoryHoldingIgnoredFilesStays",          // a filter changed
	"H7":  "not here: center, where pausing, removing here and deleting are three things",    // a collection toggled off
	"H8":  "TestUnreadableOrIgnoredDirectoryCoversItsTree scenarios/scope.txt",               // part of a tree unreadable
	"H9":  "TestTornFilesAreFetchedAgain",                                                    // half an upload
	"H10": "TestPartialMassLossIsHeld TestGuardEdges",                                        // much but not all is lost
	"H11": "TestLostBaseMakesTheUnionWithoutDuplicates TestRandomLostBaseTree",               // base lost
	"H12": "TestTornFilesAreFetchedAgain TestManyShrunkAreHeldAndPutBack",                    // base durable before data
	"H13": "TestNewsIsNotForgotten",                                                          // a cursor past what was not done
	"H14": "TestReplacedStoreDeletesNothing",                                                 // a store recreated
	"H15": "TestAwayTooLong",                                                                 // tombstones forgotten
	"H16": "TestEqualOnBothSidesEntersTheBase",                                               // alike, and never recorded
	"H17": "not here: store, whose lease dies with its process",                              // two instances
	"H18": "TestCutShortAnywhere TestIdempotence",                                            // recovery that loses data
	"H19": "TestClocksChangeNothing TestNewestNeedsTwoTimes",                                 // wrong clocks
	"H20": "TestAttrsMergeByKey TestNoLoss",                                                  // whole items overwritten
	"H21": "TestConflictsDoNotBreed TestOpenConflictStaysOneConflict",                        // conflict copies breed or die
	"H22": "TestFlappingVersionsAreNoChange TestEchoFree",                                    // false conflicts
	"H23": "TestConcurrentEditsAreNotOverwritten TestWritesNameWhatWasSeen",                  // an edit not yet seen
	"H24": "scenarios/types.txt scenarios/pairs-directory.txt",                               // deletion against an edit below
	"H25": "scenarios/names.txt",                                                             // another case
	"H26": "TestNormalFormsAreOneName scenarios/names.txt",                                   // another normal form
	"H27": "TestTreeCases TestSmallTrees scenarios/moves.txt scenarios/pairs-file.txt",       // moves
	"H28": "TestUIDTwiceOnOneSideMergesNobody TestRestoredUnderItsOldUID scenarios/flat.txt", // UIDs twice and again
	"H29": "TestWholeCollectionRenumbered",                                                   // every id another
	"H30": "TestLostAnswerToACreate",                                                         // the answer to a create lost
	"H31": "TestChangedIDIsNoDeletion TestPlaceThatRewrites TestFlappingVersionsAreNoChange", // ids and texts that a server changes
	"H32": "not here: kind/calendar, where a series is one record",                           // recurrence
	"H33": "TestEachSideMayShowItsOwn",                                                       // fields a side cannot hold
	"H34": "TestDeletesComeLast TestFailureBelowKeepsTheDirectory",                           // order
	"H35": "TestPoisonedRecordHoldsNobodyElse TestAsideWaitsForItsTimeOrAChange",             // one bad item
	"H36": "TestPostponeBacksOff",                                                            // retry storms
	"H37": "not here: store, which numbers a change in its transaction",                      // gaps in a change log
	"H38": "not here: partner/files, where a watch is a hint",                                // watchers that miss
	"H39": "not here: partner/files, which looks at more than time and size",                 // an edit of the same size and time
	"H40": "TestPlanningIsDry",                                                               // a dry run that is not

	"I1":  "TestConvergence",
	"I2":  "TestNoLoss TestLostMarksWhatIsLost",
	"I3":  "TestSmallTrees",
	"I4":  "TestNoInvention",
	"I5":  "TestConvergence TestEchoFree",
	"I6":  "TestRandomMirrored TestOrderFree",
	"I7":  "TestRowsAreWhatBothSidesShow",
	"I8":  "TestNoDeletionWithoutEvidence",
	"I9":  "TestGuardEdges TestEmptiedSideIsHeld",
	"I10": "TestConcurrentEditsAreNotOverwritten",
	"I11": "TestOrderFree TestDeletesComeLast",
	"I12": "TestRandomRules TestPoisonedRecordHoldsNobodyElse",
	"I13": "TestIdempotence TestRandomCrashes TestCutShortAnywhere",
	"I14": "TestScopeAloneDoesNothing",
	"I15": "TestPlanningIsDry",
	"I16": "TestAttrsMergeLaws",
	"I17": "TestRowsAreWhatBothSidesShow",
	"I18": "TestClocksChangeNothing",
	"I19": "TestConflictsDoNotBreed TestConvergence",
	"I20": "TestRandomMirrored",
}

// TestHazardsAreCovered checks that the table names tests that are there, and every id of the list.
func TestHazardsAreCovered(t *testing.T) {
	tests := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				tests[fn.Name.Name] = true
			}
		}
	}
	for id, by := range hazards {
		if strings.HasPrefix(by, "not here: ") {
			continue
		}
		for _, name := range strings.Fields(by) {
			_, missing := os.Stat(filepath.Join("testdata", name))
			if !tests[name] && missing != nil {
				t.Errorf("%s is covered by %s, which is not there", id, name)
			}
		}
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "reference", "sync-hazards.md"))
	if err != nil {
		need.Missing(t, "the list of hazards")
	}
	text := string(data)
	var ids []string
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(text[:strings.Index(text, "\n## 2.")], -1) {
		ids = append(ids, "H"+m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^(I\d+) `).FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	if len(ids) != 60 {
		t.Errorf("%d ids in the list", len(ids))
	}
	for _, id := range ids {
		if hazards[id] == "" {
			t.Errorf("nothing is said of %s", id)
		}
	}
	for id := range hazards {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is not in the list", id)
		}
	}
}

// One test per way in which sync engines have lost data and that a planner can prevent. Each sets up an agreed pair first.

func TestIncompleteListingDeletesNothing(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 5)
		for _, id := range p.m[1].ids() {
			p.m[1].remove(id)
		}
		p.partial[1] = true
		if plan := p.mustRun(t); len(plan.Actions()) != 0 || plan.Bookkeeping() != 0 {
			t.Fatal(plan.text())
		}
	}
}

func TestUnfinishedViewDeletesNothing(t *testing.T) {
	base, list := oneRecord("same", "same", true)
	b, v := viewsOf(t, base, list)
	v[1] = b.View(sideB, false)
	if plan := Reconcile(b, v[0], v[1], Rules{Tree: true}); len(plan.Actions()) != 0 {
		t.Fatal(plan.text())
	}
}

func TestUnreadableOrIgnoredDirectoryCoversItsTree(t *testing.T) {
	for _, what := range []tandem.Presence{tandem.Problem, tandem.OutOfScope, tandem.Unknown} {
		p := newPair(true)
		p.m[0].put("d", "dir")
		p.m[0].put("d/x", "X")
		p.m[0].put("d/y", "Y")
		p.mustRun(t)
		p.m[1].trouble["d"] = what
		p.m[0].put("d/x", "X2")
		p.m[0].put("d/n", "N")
		p.m[0].remove("d/y")
		if plan := p.mustRun(t); plan.doing(Wait) != len(plan.Actions()) || len(plan.Actions()) == 0 {
			t.Fatal(what, plan.text())
		}
		delete(p.m[1].trouble, "d")
		p.mustRun(t)
		if p.m[0].String() != p.m[1].String() {
			t.Fatal(p.m[1])
		}
	}
}

func TestDeletedDirectoryHoldingIgnoredFilesStays(t *testing.T) {
	p := newPair(true)
	p.m[0].put("d", "dir")
	p.m[0].put("d/x", "X")
	p.mustRun(t)
	p.m[0].trouble["d/.cache"] = tandem.OutOfScope
	p.m[1].remove("d")
	plan := p.mustRun(t)
	if p.m[0].recs["d"] == nil || p.m[0].recs["d/x"] != nil || p.m[1].recs["d"] != nil {
		t.Fatal(plan.text(), p.m[0], p.m[1])
	}
	p.quiet(t)
}

func TestReplacedStoreDeletesNothing(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 5)
		for i, id := range p.m[1].ids() {
			if i < 4 {
				p.m[1].remove(id)
			}
		}
		p.replaced[1] = true
		plan := p.mustRun(t)
		if len(p.m[0].recs) != 5 || len(p.m[1].recs) != 5 || len(p.rows) != 5 {
			t.Fatalf("tree %v: %s A %s B %s", tree, plan.text(), p.m[0], p.m[1])
		}
		p.replaced[1] = false
		p.quiet(t)
	}
}

func TestRestoredBackupDoesNotRollBack(t *testing.T) {
	p := agreedPair(t, true, 3)
	old := p.m[1].clone()
	p.m[0].put("x00", "newer")
	p.mustRun(t)
	p.m[1] = old
	p.m[1].seq = 1000
	p.replaced[1] = true
	p.mustRun(t)
	if p.m[0].recs["x00"].content != "newer" {
		t.Fatal("an older version from a backup overwrote a newer one")
	}
}

func TestReplacedStoreUnderMirrorIsHeld(t *testing.T) {
	p := agreedPair(t, false, 3)
	p.rules.Direction = MirrorAToB
	p.replaced[0] = true
	if plan := p.plan(); !strings.Contains(causes(plan), "another store") {
		t.Fatal(causes(plan))
	}
}

func TestRefusedFirstSyncIsHeld(t *testing.T) {
	p := newPair(false)
	p.rules.First, p.rules.Guard.Off = Refuse, false
	p.m[0].put("a", "1").uid = "1"
	p.m[1].put("b", "2").uid = "2"
	if plan := p.plan(); !strings.Contains(causes(plan), "another store") {
		t.Fatal(causes(plan))
	}
}

func TestFirstSyncReplace(t *testing.T) {
	p := newPair(false)
	p.rules.First = ReplaceA
	p.m[0].put("a", "1").uid = "1"
	p.m[0].put("a2", "old").uid = "2"
	p.m[1].put("b", "2").uid = "2"
	p.mustRun(t)
	if len(p.m[0].recs) != 1 || p.m[0].recs["a2"].content != "2" {
		t.Fatal(p.m[0])
	}
	p.quiet(t)
}

func TestLostBaseMakesTheUnionWithoutDuplicates(t *testing.T) {
	for _, tree := range []bool{false, true} {
		p := agreedPair(t, tree, 6)
		p.m[0].remove("x01")
		p.rows = map[int64]tandem.Row{}
		p.mustRun(t)
		p.quiet(t)
		if len(p.m[0].recs) != 6 || len(p.m[1].recs) != 6 {
			t.Fatal(p.m[0], p.m[1])
		}
	}
}

func TestEqualOnBothSidesEntersTheBase(t *testing.T) {
	p := newPair(true)
	p.m[0].put("f", "same")
	p.m[1].put("f", "same")
	if plan := p.mustRun(t); len(plan.Actions()) != 0 || len(p.rows) != 1 {
		t.Fatal(plan.text())
	}
	p.m[0].remove("f")
	p.mustRun(t)
	if len(p.m[1].recs) != 0 {
		t.Fatal("a deletion was reverted")
	}
}

func TestTornFilesAreFetchedAgain(t *testing.T) {
	p := agreedPair(t, true, 3)
	for l, r := range p.rows {
		r.Durable = false
		p.rows[l] = r
	}
	p.rules.Unclean = true
	p.m[1].put("x00", "")
	p.m[1].remove("x01")
	p.m[1].put("x02", "garbage")
	plan := p.mustRun(t)
	if p.m[0].recs["x00"].content != "content 0" || p.m[1].recs["x00"].content != "content 0" || p.m[1].recs["x01"] == nil || plan.doing(Conflict) != 1 {
		t.Fatal(plan.text(), p.m[0], p.m[1])
	}
}

func TestUIDTwiceOnOneSideMergesNobody(t *testing.T) {
	p := newPair(false)
	p.m[0].put("a1", "one").uid = "u"
	p.m[0].put("a2", "two").uid = "u"
	p.m[1].put("b1", "two").uid = "u"
	p.mustRun(t)
	p.quiet(t)
	if len(p.m[0].recs) != 2 || len(p.m[1].recs) != 2 {
		t.Fatal(p.m[0], p.m[1])
	}
}

func TestChangedIDIsNoDeletion(t *testing.T) {
	for _, withUID := range []bool{true, false} {
		p := agreedPair(t, false, 3)
		p.m[0].nodes, p.m[1].nodes = false, false
		p.m[0].rename("x00", "renumbered")
		if !withUID {
			p.m[0].recs["renumbered"].uid = ""
		}
		if plan := p.mustRun(t); len(plan.Actions()) != 0 {
			t.Fatal(plan.text())
		}
		p.quiet(t)
	}
}

func TestListedTwiceIsNoReasonToAct(t *testing.T) {
	base, list := oneRecord("changed", "same", true)
	again := list[0][0]
	again.Version = "3"
	list[0] = append(list[0], again)
	if plan := planOf(t, base, list, Rules{Tree: true}); plan.doing(Wait) != len(plan.Actions()) {
		t.Fatal(plan.text())
	}
	list[0][1] = list[0][0]
	if plan := planOf(t, base, list, Rules{Tree: true}); plan.doing(Update) != 1 {
		t.Fatal(plan.text())
	}
}
