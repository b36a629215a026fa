package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/partner/account"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/outgoing"
	"tandem/server/web/login"
	"tandem/store"
)

// NewAppPassword is a new app password.
type NewAppPassword struct {
	shape.Login
	Password string `json:"password" doc:"told this once"`
}

// Asked remembers the request itself, for what sets cookies.
type Asked struct {
	r *http.Request
	w http.ResponseWriter
}

// Resolve implements huma.Resolver.
func (x *Asked) Resolve(ctx huma.Context) []error {
	x.r, x.w = humago.Unwrap(ctx)
	return nil
}

func (a *API) addUsers() {
	const tag = "users"
	serve(a, op{id: "list-users", method: "GET", path: "/api/users", tag: tag, summary: "List the users: oneself, or for administrators all"}, func(ctx context.Context, in *Paging) (*list[shape.User], error) {
		all, err := a.cfg.Service(ctx).ListUsers(ctx)
		return pageOf(in, shape.List(all, shape.OfUser)), err
	})
	get(a, op{id: "add-user", method: "POST", path: "/api/users", tag: tag, summary: "Add a user, with home collections", status: created, about: "For administrators."},
		func(ctx context.Context, s center.Service, in *one[NewUser]) (shape.User, error) {
			u, err := s.AddUser(ctx, store.User{Name: in.Body.Name, Title: in.Body.Title, Address: in.Body.Address}, in.Body.Password)
			return shape.OfUser(center.UserStatus{User: u}), err
		})
	do(a, op{id: "set-user", method: "PUT", path: "/api/users/{name}", tag: tag, summary: "Change a user's title and address"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body struct {
			Title   string `json:"title"`
			Address string `json:"address"`
		}
	}) error {
		return s.SetUser(ctx, store.User{Name: in.Name, Title: in.Body.Title, Address: in.Body.Address})
	})
	do(a, op{id: "remove-user", method: "DELETE", path: "/api/users/{name}", tag: tag, summary: "Remove a user", about: "For administrators."}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Everything
	}) error {
		return s.RemoveUser(ctx, in.Name, in.All)
	})
	serve(a, op{id: "set-password", method: "PUT", path: "/api/users/{name}/password", tag: tag, summary: "Set a user's own password",
		about: "All browsers in which the user is logged in are logged out, but for the one that asks. One's own needs the present one."}, a.setPassword)
	do(a, op{id: "set-admin", method: "PUT", path: "/api/users/{name}/admin", tag: tag, summary: "Make a user an administrator, or no longer one", about: "For administrators."}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body struct {
			Admin bool `json:"admin"`
		}
	}) error {
		return s.SetAdmin(ctx, in.Name, in.Body.Admin)
	})
	get(a, op{id: "add-app-password", method: "POST", path: "/api/users/{name}/app-passwords", tag: tag, summary: "Make a password for one app or device", status: created}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body struct {
			Label    string   `json:"label" doc:"what it is for"`
			Doors    []string `json:"doors,omitempty" doc:"the doors that it opens; absent: all" enum:"phones,calendars,files,api"`
			ReadOnly bool     `json:"read_only,omitempty" doc:"it changes nothing"`
		}
	}) (NewAppPassword, error) {
		lim := account.Limits{ReadOnly: in.Body.ReadOnly}
		for _, d := range in.Body.Doors {
			lim.Doors = append(lim.Doors, account.Door(d))
		}
		p, err := s.AddAppPassword(ctx, in.Name, in.Body.Label, lim)
		return NewAppPassword{shape.OfLogin(p.Login), p.Password}, err
	})
	do(a, op{id: "revoke-app-password", method: "DELETE", path: "/api/users/{name}/app-passwords", tag: tag, summary: "Revoke an app password"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Label string `query:"label" required:"true"`
	}) error {
		return s.RevokeAppPassword(ctx, in.Name, in.Label)
	})
}

// addFactors are the operations about what is asked for besides passwords.
func (a *API) addFactors() {
	const tag = "users"
	serve(a, op{id: "begin-codes", method: "POST", path: "/api/users/{name}/codes", tag: tag, summary: "Make what an app needs to make the codes that are asked for besides the password", status: created,
		about: "For oneself. They are asked for from confirm-codes on."}, func(ctx context.Context, in *struct {
		Asked
		Named
		Body struct {
			Present string `json:"present" doc:"one's password"`
			Hub     string `json:"hub,omitempty" doc:"how the app calls the hub"`
		}
	}) (*one[Codes], error) {
		if err := a.present(ctx, in.r, in.Name, in.Body.Present); err != nil {
			return nil, err
		}
		set, err := a.cfg.Service(ctx).BeginCodes(ctx, in.Name, in.Body.Hub)
		return &one[Codes]{Codes{set.Secret, set.URI}}, err
	})
	serve(a, op{id: "confirm-codes", method: "PUT", path: "/api/users/{name}/codes", tag: tag, summary: "Ask for codes from now on, given the one that the app shows",
		about: "For oneself. All browsers in which the user is logged in are logged out, but for the one that asks. Programs then need an app password."}, func(ctx context.Context, in *struct {
		Asked
		Named
		Body struct {
			Code string `json:"code"`
		}
	}) (*one[RecoveryCodes], error) {
		list, err := a.cfg.Service(ctx).ConfirmCodes(ctx, in.Name, in.Body.Code)
		if err != nil {
			return nil, err
		}
		return &one[RecoveryCodes]{RecoveryCodes{list}}, a.cfg.Login.Renew(in.w, in.r)
	})
	serve(a, op{id: "remove-codes", method: "POST", path: "/api/users/{name}/codes/remove", tag: tag, summary: "Ask for no codes any longer", about: "Administrators do it for those who lost the app."}, func(ctx context.Context, in *presented) (*none, error) {
		if err := a.present(ctx, in.r, in.Name, in.Body.Present); err != nil {
			return nil, err
		}
		if err := a.cfg.Service(ctx).RemoveCodes(ctx, in.Name); err != nil {
			return nil, err
		}
		return nil, a.renewFor(ctx, in.Asked, in.Name)
	})
	serve(a, op{id: "new-recovery-codes", method: "POST", path: "/api/users/{name}/recovery-codes", tag: tag, summary: "Make other recovery codes; those there were are worth nothing", status: created, about: "For oneself."},
		func(ctx context.Context, in *presented) (*one[RecoveryCodes], error) {
			if err := a.present(ctx, in.r, in.Name, in.Body.Present); err != nil {
				return nil, err
			}
			list, err := a.cfg.Service(ctx).NewRecoveryCodes(ctx, in.Name)
			return &one[RecoveryCodes]{RecoveryCodes{list}}, err
		})
	do(a, op{id: "rename-passkey", method: "PUT", path: "/api/users/{name}/passkeys/{id}", tag: tag, summary: "Rename a passkey", about: "For oneself. They are added in a browser, on the page of settings."}, func(ctx context.Context, s center.Service, in *struct {
		Named
		ID   int64 `path:"id"`
		Body struct {
			Label string `json:"label"`
		}
	}) error {
		return s.RenamePasskey(ctx, in.Name, in.ID, in.Body.Label)
	})
	serve(a, op{id: "remove-passkey", method: "DELETE", path: "/api/users/{name}/passkeys/{id}", tag: tag, summary: "Remove a passkey",
		about: "All browsers in which the user is logged in are logged out, but for the one that asks."}, func(ctx context.Context, in *struct {
		Asked
		Named
		ID int64 `path:"id"`
	}) (*none, error) {
		if err := a.cfg.Service(ctx).RemovePasskey(ctx, in.Name, in.ID); err != nil {
			return nil, err
		}
		return nil, a.renewFor(ctx, in.Asked, in.Name)
	})
}

// presented is a request under one's password.
type presented struct {
	Asked
	Named
	Body struct {
		Present string `json:"present,omitempty" doc:"one's password, for what is one's own"`
	}
}

// Codes is what an app needs to make codes.
type Codes struct {
	Secret string `json:"secret" doc:"to be typed into the app"`
	URI    string `json:"uri" doc:"the same for a QR code: otpauth://totp/…"`
}

// RecoveryCodes work once each.
type RecoveryCodes struct {
	Codes []string `json:"codes" doc:"told this once"`
}

// isSelf reports whether a name is that of who asks, however it is written: names are found without regard to case.
func isSelf(name string, p login.Person) bool {
	return strings.EqualFold(name, p.User.Name) || strings.ToLower(name) == p.User.Name
}

// present checks a person's password before something of their own is changed that whoever finds a browser open must not change. About others, rights decide.
func (a *API) present(ctx context.Context, r *http.Request, name, password string) error {
	p, _ := login.From(ctx)
	if !isSelf(name, p) || p.App {
		return nil
	}
	if password == "" {
		return &tandem.Error{Kind: tandem.Invalid, Op: "change log-in", Thing: name, Err: errors.New("the present password is missing"), Remedy: "give it, too"}
	}
	return a.cfg.Login.Check(r, p, password)
}

// renewFor goes on with the visit that asks, where what it hung on is its own.
func (a *API) renewFor(ctx context.Context, in Asked, name string) error {
	if p, _ := login.From(ctx); !isSelf(name, p) {
		return nil
	}
	return a.cfg.Login.Renew(in.w, in.r)
}

type PasswordChange struct {
	Asked
	Named
	Body struct {
		Password string `json:"password"`
		Present  string `json:"present,omitempty" doc:"the present one, to change one's own"`
	}
}

// setPassword changes a password. Whoever finds a browser open must not be able to take the account over with it.
func (a *API) setPassword(ctx context.Context, in *PasswordChange) (*none, error) {
	p, _ := login.From(ctx)
	self := isSelf(in.Name, p)
	if self {
		if in.Body.Present == "" {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set password", Thing: in.Name, Err: errors.New("the present password is missing"), Remedy: "give it, too"}
		}
		if err := a.cfg.Login.Check(in.r, p, in.Body.Present); err != nil {
			return nil, err
		}
	}
	if err := a.cfg.Service(ctx).SetPassword(ctx, in.Name, in.Body.Password); err != nil || !self {
		return nil, err
	}
	return nil, a.cfg.Login.Renew(in.w, in.r)
}

// Server is through which server mail goes out.
type Server struct {
	outgoing.Account
	Password string `json:"password,omitempty" doc:"absent: the one that is kept"`
}

// FilterServer is the server that answers while a user is away.
type FilterServer struct {
	sieve.Account
	Password string `json:"password,omitempty" doc:"absent: the one that is kept"`
}

func (a *API) addMail() {
	const tag = "mail"
	do(a, op{id: "set-mail-server", method: "PUT", path: "/api/users/{name}/mail", tag: tag, summary: "Say through which server a user's mail goes out"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body Server
	}) error {
		return s.SetMailServer(ctx, in.Name, in.Body.Account, in.Body.Password)
	})
	do(a, op{id: "set-away", method: "PUT", path: "/api/users/{name}/away", tag: tag, summary: "Say what is answered while a user is away"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body away.Settings
	}) error {
		return s.SetAway(ctx, in.Name, in.Body)
	})
	do(a, op{id: "set-filter-server", method: "PUT", path: "/api/users/{name}/filter-server", tag: tag, summary: "Name the server that answers while a user is away, by ManageSieve; without a host none does"},
		func(ctx context.Context, s center.Service, in *struct {
			Named
			Body FilterServer
		}) error {
			return s.SetFilterServer(ctx, in.Name, in.Body.Account, in.Body.Password)
		})
	do(a, op{id: "set-invitations", method: "PUT", path: "/api/users/{name}/invitations", tag: tag, summary: "Say what becomes of invitations that reach a user by mail"}, func(ctx context.Context, s center.Service, in *struct {
		Named
		Body struct {
			Mode string `json:"mode" doc:"add, ask or ignore"`
		}
	}) error {
		return s.SetInvitations(ctx, in.Name, imip.Mode(in.Body.Mode))
	})
	get(a, op{id: "hub-mail", method: "GET", path: "/api/mail", tag: tag, summary: "Through which server the hub's own messages go for users who have none", about: "For administrators."},
		func(ctx context.Context, s center.Service, _ *struct{}) (outgoing.Account, error) {
			return s.HubMail(ctx)
		})
	do(a, op{id: "set-hub-mail", method: "PUT", path: "/api/mail", tag: tag, summary: "Name the server that the hub's own messages go through; without a host there is none", about: "For administrators."},
		func(ctx context.Context, s center.Service, in *struct{ Body Server }) error {
			return s.SetHubMail(ctx, in.Body.Account, in.Body.Password)
		})
	serve(a, op{id: "outgoing", method: "GET", path: "/api/outgoing", tag: tag, summary: "List one's own mail on its way out, newest first"}, func(ctx context.Context, in *Paging) (*list[shape.Outgoing], error) {
		all, err := a.cfg.Service(ctx).Outgoing(ctx, "", in.Skip+in.Limit+1)
		return pageOf(in, shape.List(all, shape.OfOutgoing)), err
	})
	do(a, op{id: "retry-outgoing", method: "POST", path: "/api/outgoing/{id}/retry", tag: tag, summary: "Try a message now"}, func(ctx context.Context, s center.Service, in *ByNumber) error { return s.RetryOutgoing(ctx, in.ID) })
	do(a, op{id: "answer-doubt", method: "POST", path: "/api/outgoing/{id}/doubt", tag: tag, summary: "Send a message again to those of whom nobody knows whether they have it, or count them as reached"},
		func(ctx context.Context, s center.Service, in *struct {
			ByNumber
			Body outgoing.DoubtAnswer
		}) error {
			return s.AnswerDoubt(ctx, in.ID, in.Body)
		})
	do(a, op{id: "remove-outgoing", method: "DELETE", path: "/api/outgoing/{id}", tag: tag, summary: "Take a message out of the queue"}, func(ctx context.Context, s center.Service, in *ByNumber) error { return s.RemoveOutgoing(ctx, in.ID) })
}

// NewUser is a user to be added.
type NewUser struct {
	Name     string `json:"name"`
	Title    string `json:"title,omitempty"`
	Address  string `json:"address,omitempty"`
	Password string `json:"password"`
}
