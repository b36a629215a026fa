package storetest

import (
	"reflect"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

var manyReports = store.ReportLimits{Conflicts: 100, Bytes: 1 << 20}

func (k *kit) report(handler string, put []store.Reported, closed ...string) []store.Reported {
	k.Helper()
	gone, err := k.st.Reported.Report(k.ctx, handler, put, closed, manyReports)
	k.must(err)
	return gone
}

// owns are the conflicts of a handler, as "own=answer".
func (k *kit) owns(handler string) string {
	k.Helper()
	list, err := k.st.Reported.Reports(k.ctx, handler)
	k.must(err)
	var out []string
	for _, r := range list {
		out = append(out, r.Own+"="+r.Answer)
	}
	return strings.Join(out, " ")
}

func clashing(own, mark string, bodies ...string) store.Reported {
	r := store.Reported{Own: own, User: "ann", Item: "box", Kind: tandem.Contact, When: 7, Title: "Zoe " + own, Reason: "both changed", Takes: []string{"version"}, Mark: mark}
	for i, b := range bodies {
		v := store.ReportedVersion{Title: "Zoe", Where: "here", Who: "ann", When: int64(i), Deleted: b == ""}
		if b != "" {
			v.HasBody, v.Body = true, []byte(b)
		}
		r.Versions = append(r.Versions, v)
	}
	return r
}

// testReported: conflicts of programs come, are replaced and go as their programs say; their numbers and those of pairs are of one sequence.
func testReported(k *kit) {
	k.user("ann")
	p := k.pair("p")
	first := []store.Conflict{{Title: "of a pair"}}
	k.commit(p.ID, store.Commit{Conflicts: first})
	put := []store.Reported{clashing("one", "m1", "a", "bc", ""), clashing("two", "m1", "a", "b")}
	put[0].User = "Ann"
	k.report("mailer", put)
	second := []store.Conflict{{Title: "of a pair, too"}}
	k.commit(p.ID, store.Commit{Conflicts: second})
	if ids := []int64{first[0].ID, put[0].ID, put[1].ID, second[0].ID}; !slices.IsSorted(ids) || len(slices.Compact(ids)) != 4 {
		k.Fatalf("numbers %v", ids)
	}
	want := clashing("one", "m1", "a", "bc", "")
	want.ID, want.Handler, want.Size = put[0].ID, "mailer", 3
	got, err := k.st.Reported.Reported(k.ctx, want.ID)
	k.must(err)
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("got  %+v\nwant %+v", got, want)
	}
	for i := range want.Versions {
		want.Versions[i].Body = nil
	}
	list, err := k.st.Reported.Reports(k.ctx, "")
	k.must(err)
	if len(list) != 2 || !reflect.DeepEqual(list[0], want) {
		k.Fatalf("listed %+v", list)
	}
	_, err = k.st.Reported.Reported(k.ctx, first[0].ID)
	k.wantKind(err, tandem.NotFound)
	k.report("other", []store.Reported{clashing("one", "m1", "a", "b")})
	if gone := k.report("mailer", nil, "two", "nothing"); len(gone) != 1 || gone[0].ID != put[1].ID || gone[0].Title != "Zoe two" {
		k.Fatalf("%+v", gone)
	}
	if k.owns("mailer") != "one=" || k.owns("other") != "one=" {
		k.Fatalf("%q, %q", k.owns("mailer"), k.owns("other"))
	}
	waiting, err := k.st.Reported.Waiting(k.ctx)
	k.must(err)
	if want := map[[2]string]int{{"mailer", "box"}: 1, {"other", "box"}: 1}; !reflect.DeepEqual(waiting, want) {
		k.Errorf("waiting %v, want %v", waiting, want)
	}
	f, err := k.st.Counts.Figures(k.ctx)
	k.must(err)
	if f.Conflicts != 4 {
		k.Errorf("%d are counted", f.Conflicts)
	}
}

// testReportedAnswers: an answer stands while the versions are those that it is about.
func testReportedAnswers(k *kit) {
	k.user("ann")
	put := []store.Reported{clashing("one", "m1", "a", "b")}
	k.report("mailer", put)
	id := put[0].ID
	answer := store.Reported{ID: id, Mark: "m1", Answer: "body", Answered: 9, Body: []byte("mine")}
	k.must(k.st.Reported.Answer(k.ctx, answer, manyReports))
	again := clashing("one", "m1", "a", "b")
	again.Title, again.When = "Zoe again", 99
	k.report("mailer", []store.Reported{again})
	got, err := k.st.Reported.Reported(k.ctx, id)
	k.must(err)
	if got.Title != "Zoe again" || got.When != 7 || got.Answer != "body" || got.Answered != 9 || string(got.Body) != "mine" || string(got.Versions[1].Body) != "b" {
		k.Fatalf("%+v", got)
	}
	k.must(k.st.Reported.Answer(k.ctx, store.Reported{ID: id, Mark: "m1", Answer: "both", Answered: 10, Name: "two"}, manyReports))
	if got, err = k.st.Reported.Reported(k.ctx, id); err != nil || got.Answer != "both" || got.Name != "two" || got.Body != nil {
		k.Fatalf("%+v, %v", got, err)
	}
	k.report("mailer", []store.Reported{clashing("one", "m2", "a", "", "c")})
	if got, err = k.st.Reported.Reported(k.ctx, id); err != nil || got.Answer != "" || got.Name != "" || got.Answered != 0 || len(got.Versions) != 3 || got.Versions[1].Body != nil || string(got.Versions[2].Body) != "c" {
		k.Fatalf("%+v, %v", got, err)
	}
	k.wantKind(k.st.Reported.Answer(k.ctx, answer, manyReports), tandem.Changed)
	k.wantKind(k.st.Reported.Answer(k.ctx, store.Reported{ID: 9999, Mark: "m1"}, manyReports), tandem.NotFound)
}

// testReportedLimits: what is too much changes nothing.
func testReportedLimits(k *kit) {
	k.user("ann")
	few := store.ReportLimits{Conflicts: 2, Bytes: 10}
	put := []store.Reported{clashing("one", "m", "aaaa", "bbbb")}
	_, err := k.st.Reported.Report(k.ctx, "mailer", put, nil, few)
	k.must(err)
	for _, more := range [][]store.Reported{{clashing("two", "m", "aaa")}, {clashing("two", "m", ""), clashing("three", "m", "")}} {
		_, err := k.st.Reported.Report(k.ctx, "mailer", more, []string{"nothing"}, few)
		k.wantKind(err, tandem.TooLarge)
	}
	k.wantKind(k.st.Reported.Answer(k.ctx, store.Reported{ID: put[0].ID, Mark: "m", Answer: "body", Body: []byte("ccc")}, few), tandem.TooLarge)
	if k.owns("mailer") != "one=" {
		k.Fatal(k.owns("mailer"))
	}
	// What goes makes room.
	_, err = k.st.Reported.Report(k.ctx, "mailer", []store.Reported{clashing("two", "m", "aaaa", "bbbb")}, []string{"one"}, few)
	k.must(err)
	_, err = k.st.Reported.Report(k.ctx, "other", []store.Reported{clashing("two", "m", "aaaa", "bbbb")}, nil, few)
	k.must(err)
}

// testReportedGoAway: they go with their item, their handler and their user.
func testReportedGoAway(k *kit) {
	k.user("ann")
	other := clashing("two", "m", "a", "b")
	other.Item = "other box"
	hubs := clashing("one", "m", "a", "b")
	hubs.User = ""
	k.report("mailer", []store.Reported{clashing("one", "m", "a", "b"), other})
	k.report("feeds", []store.Reported{clashing("one", "m", "a", "b")})
	k.report("hub", []store.Reported{hubs})
	n, err := k.st.Reported.Forget(k.ctx, "mailer", "box")
	k.must(err)
	if n != 1 || k.owns("mailer") != "two=" || k.owns("feeds") != "one=" {
		k.Fatalf("%d; %q", n, k.owns("mailer"))
	}
	if n, err = k.st.Reported.Forget(k.ctx, "mailer", ""); err != nil || n != 1 || k.owns("mailer") != "" {
		k.Fatalf("%d, %v; %q", n, err, k.owns("mailer"))
	}
	k.must(k.st.Accounts.RemoveUser(k.ctx, "ann"))
	if k.owns("feeds") != "" || k.owns("hub") != "one=" {
		k.Fatalf("%q, %q", k.owns("feeds"), k.owns("hub"))
	}
}
