package page

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"tandem"
	"tandem/internal/qrcode"
	"tandem/store"
)

// factors is what somebody has besides passwords, in parts.
type factors struct {
	Codes    *store.Factor // nil: no codes are asked for
	Recovery int           // how many recovery codes are left
	Passkeys []store.Factor
}

func factorsOf(list []store.Factor) (f factors) {
	for _, x := range list {
		switch x.Sort {
		case store.CodeApp:
			f.Codes = &x
		case store.Recovery:
			f.Recovery++
		case store.Passkey:
			f.Passkeys = append(f.Passkeys, x)
		}
	}
	return f
}

// factors is what the person has who looks at the page.
func (c *call) factors() (factors, error) {
	users, err := c.hub.ListUsers(c.r.Context())
	for _, u := range users {
		if u.User.Name == c.frame.Person.User.Name {
			return factorsOf(u.Factors), nil
		}
	}
	return factors{}, err
}

// codesPage is where codes are set up.
type codesPage struct {
	factors
	Secret string        // to be typed into the app; "": nothing is being set up
	Image  template.HTML // of the same, as a QR code
	URI    string
	New    []string // recovery codes, shown this once
}

func (p *Pages) codes(c *call) error {
	f, err := c.factors()
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Codes besides the password"), "codes", &codesPage{factors: f})
}

// codesAgain shows the page once more, with what was wrong.
func (p *Pages) codesAgain(c *call, err error, d *codesPage) error {
	f, other := c.factors()
	if other != nil {
		return other
	}
	d.factors = f
	return c.again(err, "settings", c.words.T("Codes besides the password"), "codes", d)
}

func (p *Pages) beginCodes(c *call) error {
	if err := p.cfg.Check(c.r, c.r.PostFormValue("old")); err != nil {
		return p.codesAgain(c, err, &codesPage{})
	}
	host, _, _ := strings.Cut(c.r.Host, ":")
	set, err := c.hub.BeginCodes(c.r.Context(), "", host)
	if err != nil {
		return p.codesAgain(c, err, &codesPage{})
	}
	d, err := setUp(set.URI)
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Codes besides the password"), "codes", d)
}

// setUp shows what an app needs.
func setUp(uri string) (*codesPage, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set up codes", Err: err, Remedy: "begin again"}
	}
	svg, err := qrcode.SVG(uri)
	if err != nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set up codes", Err: err, Remedy: "begin again"}
	}
	// The picture holds nothing but squares.
	return &codesPage{URI: uri, Secret: grouped(u.Query().Get("secret")), Image: template.HTML(svg)}, nil
}

// grouped is a text in groups of four, as people type it.
func grouped(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *Pages) confirmCodes(c *call) error {
	list, err := c.hub.ConfirmCodes(c.r.Context(), "", c.form("code"))
	if tandem.IsKind(err, tandem.Denied) { // the same once more: the app has it already
		d, other := setUp(c.form("uri"))
		if other != nil {
			return other
		}
		return p.codesAgain(c, err, d)
	}
	if err != nil {
		return p.codesAgain(c, err, &codesPage{})
	}
	return p.newRecovery(c, list)
}

// newRecovery shows recovery codes, this once. What was decided ended the visit, which goes on anew.
func (p *Pages) newRecovery(c *call, list []string) error {
	if err := p.cfg.Renew(c.w, c.r); err != nil {
		return err
	}
	f, err := c.factors()
	if err != nil {
		return err
	}
	c.frame.Person.CSRF = "" // it is another one by now; the page has links only
	return c.show("settings", c.words.T("Codes besides the password"), "codes", &codesPage{factors: f, New: list})
}

func (p *Pages) renewRecovery(c *call) error {
	err := p.cfg.Check(c.r, c.r.PostFormValue("old"))
	var list []string
	if err == nil {
		list, err = c.hub.NewRecoveryCodes(c.r.Context(), "")
	}
	if err != nil {
		return p.codesAgain(c, err, &codesPage{})
	}
	return p.newRecovery(c, list)
}

func (p *Pages) removeCodes(c *call) error {
	err := p.cfg.Check(c.r, c.r.PostFormValue("old"))
	if err == nil {
		err = c.hub.RemoveCodes(c.r.Context(), "")
	}
	if err != nil {
		return p.codesAgain(c, err, &codesPage{})
	}
	if err := p.cfg.Renew(c.w, c.r); err != nil {
		return err
	}
	return c.away("/settings/codes", "removed")
}

// passkeysPage is where passkeys are set up.
type passkeysPage struct {
	Passkeys []store.Factor
	Work     bool // at this address
}

func (p *Pages) passkeys(c *call) error {
	f, err := c.factors()
	if err != nil {
		return err
	}
	return c.show("settings", c.words.T("Passkeys"), "passkeys", &passkeysPage{f.Passkeys, p.cfg.PasskeysWork(c.r)})
}

func (p *Pages) changePasskey(c *call) error {
	id, err := strconv.ParseInt(c.form("id"), 10, 64)
	if err != nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "change passkey", Thing: c.form("id")}
	}
	ctx := c.r.Context()
	if c.form("do") == "rename" {
		if err := c.hub.RenamePasskey(ctx, "", id, c.form("label")); err != nil {
			return err
		}
		return c.away("/settings/passkeys", "saved")
	}
	if err := c.hub.RemovePasskey(ctx, "", id); err != nil {
		return err
	}
	if err := p.cfg.Renew(c.w, c.r); err != nil {
		return err
	}
	return c.away("/settings/passkeys", "removed")
}

// removeFactor takes from a user what they lost, for administrators.
func (p *Pages) removeFactor(c *call) error {
	ctx, name := c.r.Context(), c.r.PathValue("user")
	var err error
	if c.form("do") == "codes" {
		err = c.hub.RemoveCodes(ctx, name)
	} else {
		var id int64
		if id, err = strconv.ParseInt(c.form("id"), 10, 64); err == nil {
			err = c.hub.RemovePasskey(ctx, name, id)
		} else {
			err = &tandem.Error{Kind: tandem.NotFound, Op: "remove passkey", Thing: c.form("id")}
		}
	}
	if err != nil {
		return p.personAgain(c, err)
	}
	if name == c.frame.Person.User.Name {
		if err := p.cfg.Renew(c.w, c.r); err != nil {
			return err
		}
	}
	return c.away("/people/"+url.PathEscape(name), "removed")
}
