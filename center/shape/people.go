package shape

import (
	"tandem/center"
	"tandem/partner/access"
	"tandem/partner/account"
	"tandem/partner/outgoing"
	"tandem/store"
)

// Collection is a home collection as a user sees it.
type Collection struct {
	ID       int64    `json:"id"`
	User     string   `json:"user" doc:"the owner"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Right    string   `json:"right" enum:"own,write,read"`
	Hidden   bool     `json:"hidden,omitempty"`
	ReadOnly bool     `json:"read_only,omitempty"`
	Records  int      `json:"records"`
	Shares   []Share  `json:"shares"`
	Links    []Link   `json:"links"`
	Items    []string `json:"items" doc:"sync items that use it"`
}

// Share is somebody a collection is shared with.
type Share struct {
	With  string `json:"with"`
	Write bool   `json:"write"`
	Added int64  `json:"added"`
}

// Link is a link to a collection.
type Link struct {
	ID    int64  `json:"id"`
	Label string `json:"label"`
	Added int64  `json:"added"`
}

// OfShare is somebody a collection is shared with.
func OfShare(s store.Share) Share { return Share{s.With, s.Write, s.Added} }

// OfLink is a link to a collection.
func OfLink(s store.Share) Link { return Link{s.ID, s.Label, s.Added} }

// OfCollection is a home collection.
func OfCollection(s center.CollectionStatus) Collection {
	return Collection{ID: s.Collection.ID, User: s.Collection.User, Name: s.Collection.Name, Kind: string(s.Collection.Kind), Right: s.Right, Hidden: s.Hidden,
		ReadOnly: s.Collection.Props[access.ReadOnly] == "1", Records: s.Records, Shares: List(s.Users, OfShare), Links: List(s.Links, OfLink), Items: append([]string{}, s.Items...)}
}

// User is a user and how they log in.
type User struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Address string      `json:"address"`
	Admin   bool        `json:"admin"`
	Devices int         `json:"devices"`
	Logins  []Login     `json:"logins"`
	Factors []Factor    `json:"factors" doc:"what is asked for besides passwords, and passkeys"`
	Mail    *MailServer `json:"mail,omitempty" doc:"through which server mail goes out"`
}

// Login is a password, without the password.
type Login struct {
	Label string `json:"label" doc:"what an app password is for; empty: the user's own password"`
	Added int64  `json:"added"`
	Used  int64  `json:"used"`
	From  string `json:"from"`

	Doors    []string `json:"doors,omitempty" doc:"of an app password: the doors that it opens; absent: all" enum:"phones,calendars,files,api"`
	ReadOnly bool     `json:"read_only,omitempty" doc:"of an app password: it changes nothing"`
}

// Factor is what a user has besides passwords.
type Factor struct {
	ID    int64  `json:"id"`
	Sort  string `json:"sort" enum:"totp,recovery,passkey" doc:"an app that makes codes, a recovery code, or a passkey"`
	Label string `json:"label"`
	Added int64  `json:"added"`
	Used  int64  `json:"used"`
	From  string `json:"from"`
}

// OfFactor is what a user has besides passwords.
func OfFactor(f store.Factor) Factor {
	return Factor{f.ID, string(f.Sort), f.Label, f.Added, f.Used, f.From}
}

// MailServer is where mail goes out.
type MailServer struct {
	Host  string `json:"host"`
	Port  int    `json:"port"`
	TLS   string `json:"tls"`
	Login string `json:"login,omitempty"`
	From  string `json:"from"`
}

// OfLogin is a password, without the password.
func OfLogin(l store.Login) Login {
	lim := account.LimitsOf(l)
	out := Login{Label: l.Label, Added: l.Added, Used: l.Used, From: l.From, ReadOnly: lim.ReadOnly}
	for _, d := range lim.Doors {
		out.Doors = append(out.Doors, string(d))
	}
	return out
}

// OfUser is a user.
func OfUser(u center.UserStatus) User {
	out := User{Name: u.User.Name, Title: u.User.Title, Address: u.User.Address, Admin: account.IsAdmin(u.User), Devices: u.Devices, Logins: List(u.Logins, OfLogin), Factors: List(u.Factors, OfFactor)}
	if s, ok := outgoing.AccountOf(u.User); ok {
		out.Mail = &MailServer{s.Host, s.Port, s.TLS, s.User, outgoing.Address(u.User)}
	}
	return out
}

// Device is a device.
type Device struct {
	ID       string            `json:"id"`
	User     string            `json:"user"`
	Type     string            `json:"type"`
	Agent    string            `json:"agent"`
	Speaks   string            `json:"speaks"`
	Offer    string            `json:"offer"`
	Info     map[string]string `json:"info"`
	Access   store.Access      `json:"access" enum:"allowed,held,blocked"`
	Reason   string            `json:"reason"`
	Wipe     store.Wipe        `json:"wipe"`
	WipeOnly string            `json:"wipe_extent" doc:"empty, account or device"`
	Copied   int64             `json:"copied" doc:"when two devices were last seen under its id"`
	Policy   map[string]string `json:"policy"`
	Obeys    bool              `json:"obeys"`
	News     string            `json:"news,omitempty" doc:"when it is told of news; empty: at once"`
	Added    int64             `json:"added"`
	Seen     int64             `json:"seen"`
	Address  string            `json:"address"`
}

// OfDevice is a device.
func OfDevice(s center.DeviceStatus) Device {
	d := s.Device
	out := Device{ID: d.ID, User: d.User, Type: d.Type, Agent: d.Agent, Speaks: d.Speaks, Offer: d.Offer, Info: d.Info, Access: d.Access, Reason: d.Reason,
		Wipe: d.Wipe, Copied: s.Copied, Policy: s.Policy, Obeys: s.Obeys, News: s.News, Added: d.Added, Seen: d.Seen, Address: d.Address}
	if d.Wipe != store.NoWipe {
		out.WipeOnly = "device"
		if d.WipeAccount {
			out.WipeOnly = "account"
		}
	}
	if out.Info == nil {
		out.Info = map[string]string{}
	}
	if out.Policy == nil {
		out.Policy = map[string]string{}
	}
	return out
}

// Outgoing is a message on its way out.
type Outgoing struct {
	ID      int64    `json:"id"`
	User    string   `json:"user"`
	From    string   `json:"from"`
	Subject string   `json:"subject" doc:"as its header has it; empty if it has none"`
	For     []string `json:"for" doc:"whom it is for by its header, whoever of them has it"`
	To      []string `json:"to" doc:"who has still to get it"`
	Doubt   []string `json:"doubt" doc:"who may have it and may not: the server never said; a person decides"`
	Refused []string `json:"refused" doc:"who do not get it: a server refused it for them, or it was given up"`
	State   string   `json:"state" enum:"waiting,sent,partly,failed" doc:"partly: some have it, and others do not get it, as its sender was told"`
	Added   int64    `json:"added"`
	Next    int64    `json:"next,omitempty" doc:"when it is tried"`
	Tries   int      `json:"tries"`
	Error   string   `json:"error,omitempty" doc:"of the last try"`
}

// OfOutgoing is a message on its way out.
func OfOutgoing(m outgoing.Listed) Outgoing {
	out := Outgoing{ID: m.ID, User: m.User, From: m.From, Subject: m.Subject, For: append([]string{}, m.For...), To: append([]string{}, m.To...), Doubt: append([]string{}, m.Doubt...), Refused: append([]string{}, m.Refused...), State: string(m.State), Added: m.Added, Tries: m.Tries, Error: m.Error}
	if m.State == store.Waiting {
		out.Next = m.Next
	}
	return out
}
