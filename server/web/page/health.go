package page

import (
	"cmp"
	"runtime"
	"slices"
	"strings"

	"tandem/center"
	"tandem/server/web/page/words"
)

// healthPage is the check-up of the hub.
type healthPage struct {
	Checks  []checkRow
	Worst   look
	Version string
	Go      string
	Records int
	Colls   int
	Items   int
	Devices int
	Left    bool // something is left over that can be mended
}

type checkRow struct {
	center.Check
	Look  look
	Words string // what it says, where pages have words of their own for it
}

func (p *Pages) health(c *call) error {
	ctx, t := c.r.Context(), c.words.T
	if !c.htmx() && c.query("look") == "" { // looking takes a while
		return c.show("health", t("Health"), "health", nil)
	}
	checks, err := c.hub.Checks(ctx, "")
	if err != nil {
		return err
	}
	d := &healthPage{Worst: look{"good", "ok", t("All is well")}, Version: p.cfg.Version, Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	for _, k := range checks {
		r := checkRow{Check: k, Look: look{"good", "ok", t("Fine")}}
		switch k.Level {
		case "warn":
			r.Look = look{"late", "warn", t("Look at it")}
		case "fail":
			r.Look = look{"bad", "fail", t("Broken")}
		}
		if r.Look.Class == "bad" || r.Look.Class == "late" && d.Worst.Class == "good" {
			d.Worst = look{r.Look.Class, r.Look.Icon, t("Something needs a look")}
		}
		if k.Name == "left over" && k.Level != "ok" {
			r.Words = leftText(c.words, k.Text)
		}
		d.Left = d.Left || k.Level != "ok" && (k.Name == "left over" || k.Name == "bodies" || strings.HasPrefix(k.Name, "body of "))
		d.Checks = append(d.Checks, r)
	}
	slices.SortStableFunc(d.Checks, func(x, y checkRow) int { return cmp.Compare(urgency(x.Look), urgency(y.Look)) })
	user := c.frame.Person.User.Name
	if c.admin() {
		user = ""
	}
	colls, err := c.hub.ListCollections(ctx, user)
	if err != nil {
		return err
	}
	d.Colls = len(colls)
	for _, s := range colls {
		d.Records += s.Records
	}
	items, err := c.hub.ListItems(ctx)
	if err != nil {
		return err
	}
	devices, err := c.hub.ListDevices(ctx, "")
	if err != nil {
		return err
	}
	d.Items, d.Devices = len(items), len(devices)
	if c.htmx() {
		return c.part("checks", d)
	}
	return c.show("health", t("Health"), "health-page", d)
}

// leftText says of what sorts something is left over, and how much: "Files: 3".
func leftText(w words.Words, text string) string {
	parts := strings.Split(text, ", ")
	for i, part := range parts {
		if sort, count, ok := strings.Cut(part, ": "); ok && strings.Trim(count, "0123456789") == "" {
			parts[i] = leftWords(w, sort) + ": " + count
		}
	}
	return strings.Join(parts, ", ")
}

// urgency puts what needs a person first.
func urgency(l look) int { return slices.Index([]string{"bad", "late", "good"}, l.Class) }
