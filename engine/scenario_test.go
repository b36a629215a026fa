package engine

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem"
)

var write = flag.Bool("engine.write", false, "write the plans of testdata/scenarios and testdata/states.txt anew; every line that differs is to be read and judged")

// A scenario of testdata/scenarios is a base, edits on both sides, and under each set of rules the plan and where both sides end:
//
//	case edit against deletion
//	base put x X; put y Y
//	A    put x X2
//	B    rm x
//	with delete=ask
//	plan conflict x (deleted on one side, changed on the other)
//	end  x=X2 y=Y | y=Y
//
// The plan is that of the first run, merges settled as if they could not be made; the end is after as many runs as it takes.
type scenario struct {
	name, base string
	edits      [2]string
	with       []*variant
	comments   string
}

type variant struct {
	rules    string
	plan     []string
	end      string
	comments string
}

func readScenarios(t *testing.T, file string) (out []*scenario) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	comments := ""
	for n, text := range strings.Split(string(data), "\n") {
		key, rest, _ := strings.Cut(text, " ")
		rest = strings.TrimSpace(rest)
		if key == "case" {
			out = append(out, &scenario{name: rest, comments: comments})
			comments = ""
			continue
		}
		if key == "" || key[0] == '#' {
			comments += text + "\n"
			continue
		}
		if len(out) == 0 {
			t.Fatalf("%s:%d: no case yet", file, n+1)
		}
		c := out[len(out)-1]
		switch key {
		case "base":
			c.base = rest
		case "A":
			c.edits[0] = rest
		case "B":
			c.edits[1] = rest
		case "with":
			c.with = append(c.with, &variant{rules: rest, comments: comments})
			comments = ""
		case "plan":
			v := c.with[len(c.with)-1]
			v.plan = append(v.plan, rest)
		case "end":
			c.with[len(c.with)-1].end = rest
		default:
			t.Fatalf("%s:%d: %q", file, n+1, text)
		}
	}
	return out
}

func (c *scenario) print(b *strings.Builder) {
	fmt.Fprintf(b, "%scase %s\nbase %s\nA    %s\nB    %s\n", c.comments, c.name, c.base, c.edits[0], c.edits[1])
	for _, v := range c.with {
		fmt.Fprintf(b, "%swith %s\n", v.comments, v.rules)
		for _, l := range v.plan {
			fmt.Fprintf(b, "plan %s\n", l)
		}
		fmt.Fprintf(b, "end  %s\n", v.end)
	}
}

// TestScenarios runs the tables of testdata/scenarios. Each must plan what is written there, and every invariant must hold.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios: ", err)
	}
	for _, file := range files {
		var out strings.Builder
		for _, c := range readScenarios(t, file) {
			for _, v := range c.with {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.name+"/"+v.rules, func(t *testing.T) {
					plan, end := c.play(t, v.rules)
					if *write {
						v.plan, v.end = plan, end
						return
					}
					if got, want := strings.Join(plan, "\n"), strings.Join(v.plan, "\n"); got != want {
						t.Errorf("plan:\n%s\nwant:\n%s", got, want)
					}
					if end != v.end {
						t.Errorf("end: %s\nwant %s", end, v.end)
					}
				})
			}
			c.print(&out)
		}
		if *write && !t.Failed() {
			if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// play sets the scenario up, checks what must hold of any, and returns the first plan and where the sides end.
func (c *scenario) play(t *testing.T, rules string) (plan []string, end string) {
	t.Helper()
	p := newPair(!slices.Contains(strings.Fields(rules), "flat"))
	for _, f := range strings.Fields(rules) {
		p.preset(t, f)
	}
	p.m[0].script(t, c.base)
	if _, err := p.settleDown(2); err != nil {
		t.Fatal(err)
	}
	answer := ""
	for _, f := range strings.Fields(rules) {
		if a, ok := strings.CutPrefix(f, "answer="); ok {
			answer = a
			continue
		}
		p.set(t, f)
	}
	for s := range p.m {
		p.m[s].script(t, c.edits[s])
	}
	plan = p.prove(t)
	if answer != "" {
		for i, a := range []string{"a", "b", "both", "body"} {
			if a == answer {
				p.answer(tandem.TakeA+tandem.Decision(i), "by-hand")
			}
		}
		plan = p.prove(t, "by-hand")
	}
	end = p.m[0].String() + " | " + p.m[1].String()
	if p.m[0].String() == p.m[1].String() {
		end = "both " + p.m[0].String()
	}
	return plan, strings.TrimSpace(end)
}

// preset applies what must be known before the base is made.
func (p *pair) preset(t *testing.T, f string) {
	t.Helper()
	key, val, _ := strings.Cut(f, "=")
	for s := range p.m {
		if !strings.Contains(val, tandem.Side(s).String()) {
			continue
		}
		switch key {
		case "fold":
			p.rules.Names[s].FoldCase, p.m[s].rule.FoldCase = true, true
		case "nfc":
			p.rules.Names[s].NFC, p.m[s].rule.NFC = true, true
		case "windows":
			p.rules.Names[s].Windows = true
		case "noattrs":
			p.rules.NoAttrs[s] = true
		case "blind":
			p.m[s].nodes = false
		case "hushed":
			p.m[s].hushed = true
		}
	}
}

// set applies one rule that holds for the run.
func (p *pair) set(t *testing.T, f string) {
	t.Helper()
	key, val, _ := strings.Cut(f, "=")
	index := func(names []string) int {
		i := slices.Index(names, val)
		if i < 0 {
			t.Fatalf("no such rule: %s", f)
		}
		return i
	}
	on := func(b *[2]bool) {
		for s := range b {
			b[s] = strings.Contains(val, tandem.Side(s).String())
		}
	}
	switch key {
	case "dir":
		p.rules.Direction = Direction(index(directionNames))
	case "policy":
		p.rules.Policy = Policy(index(policyNames))
	case "delete":
		p.rules.DeleteVsChange = DeleteRule(index(deleteNames))
	case "first":
		p.rules.First = First(index([]string{"combine", "a", "b", "refuse"}))
	case "nomerge":
		p.rules.NoMerge = true
	case "guard":
		p.rules.Guard.Off = false
	case "ro":
		on(&p.rules.ReadOnly)
	case "max":
		n, err := strconv.ParseInt(val[1:], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		p.rules.MaxSize[val[0]-'A'] = n
	case "partial":
		on(&p.partial)
	case "replaced":
		on(&p.replaced)
	case "lostbase":
		p.rows = map[int64]tandem.Row{}
	case "delta":
		p.tell()
		on(&p.delta)
	case "unclean":
		p.rules.Unclean = true
		for l, r := range p.rows {
			r.Durable = false
			p.rows[l] = r
		}
	case "merge":
		p.merge = func(_, a, b string) (string, bool) { return min(a, b) + "+" + max(a, b), true }
	case "flat", "fold", "nfc", "windows", "noattrs", "blind", "hushed":
	default:
		t.Fatalf("no such rule: %s", f)
	}
}

// prove plans and carries out until it is quiet, and checks on the way that the plan is its mirror image's mirror image, does not
// depend on listing order, can be carried out step by step, loses and invents nothing, and leaves what may not be written alone.
func (p *pair) prove(t *testing.T, new ...string) []string {
	t.Helper()
	had, was := p.contents(), [2]string{p.m[0].String(), p.m[1].String()}
	one := p.plan()
	if a, b := one.lines(false), p.mirrored().plan().lines(true); a != b && p.rules.First != Refuse { // which is told once, of A
		t.Fatalf("not symmetric:\n%s\nmirror image:\n%s", a, b)
	}
	for seed := range int64(3) {
		p.shuffle = rand.New(rand.NewSource(seed))
		if other := p.plan(); other.Hash != one.Hash || other.stepText() != one.stepText() {
			t.Fatalf("another listing order, another plan:\n%s\n%s", one.stepText(), other.stepText())
		}
	}
	p.shuffle = nil
	out := p.settledText(one)
	if len(one.Held) > 0 {
		return append(out, "held: "+causes(one))
	}
	p.log = ""
	delta, replaced := p.delta, p.replaced
	if err := p.carryOut(one); err != nil {
		t.Fatalf("%v\n%s", err, one.text())
	}
	p.delta, p.replaced = [2]bool{}, [2]bool{}
	if _, err := p.settleDown(2); err != nil {
		t.Fatal(err)
	}
	p.delta, p.replaced = delta, replaced
	now := p.contents()
	for c := range had {
		if !now[c] {
			t.Fatalf("%s is lost\n%s%s", c, one.text(), p.log)
		}
	}
	for c := range now {
		if !had[c] && c != "dir" && !slices.Contains(new, c) && !strings.Contains(c, "+") {
			t.Fatalf("%s was invented\n%s%s", c, one.text(), p.log)
		}
	}
	for s, may := range writable(p.rules.Direction, p.rules) {
		if !may && p.rules.First == Combine && p.m[s].String() != was[s] {
			t.Fatalf("%s was written\n%s%s", tandem.Side(s), one.text(), p.log)
		}
	}
	return out
}

// settledText is a plan with its merges settled as this pair's bodies settle them.
func (p *pair) settledText(plan *Plan) []string {
	q := *plan
	q.steps = plan.steps.clone()
	for i, a := range q.Actions() {
		if a.Do == Merge {
			_, clean := p.merge("", "a", "b")
			q.Set(i, Settle(a, false, clean, p.rules))
		}
	}
	out := []string{}
	for i, l := range strings.Split(strings.TrimSpace(q.text()), "\n") {
		if l == "" {
			continue
		}
		if q.Actions()[i].Lost {
			l += " losing"
		}
		out = append(out, l)
	}
	if n := plan.Bookkeeping(); n > 0 {
		out = append(out, fmt.Sprintf("record %d", n))
	}
	return out
}
