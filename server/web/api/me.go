package api

import (
	"context"
	"net/http"

	"tandem/center"
	"tandem/server/web/login"
	"tandem/store"
)

// Me is who asks.
type Me struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Address string `json:"address"`
	Admin   bool   `json:"admin" doc:"an administrator of the hub"`
	App     bool   `json:"app" doc:"let in by an app password"`
	CSRF    string `json:"csrf,omitempty" doc:"what the header X-CSRF-Token repeats; for visits"`
	Version string `json:"version" doc:"of the hub"`
}

// Visit is a browser that is logged in.
type Visit struct {
	ID      int64  `json:"id"`
	Agent   string `json:"agent"`
	From    string `json:"from"`
	Added   int64  `json:"added"`
	Used    int64  `json:"used"`
	Until   int64  `json:"until"`
	Current bool   `json:"current" doc:"the one that asks"`
}

func (a *API) addMe() {
	get(a, op{id: "me", method: "GET", path: "/api/me", tag: "me", summary: "Who asks"}, func(ctx context.Context, _ center.Service, _ *struct{}) (Me, error) {
		p, _ := login.From(ctx)
		return Me{p.User.Name, p.User.Title, p.User.Address, p.Admin, p.App, p.CSRF(), a.cfg.Version}, nil
	})
	serve(a, op{id: "list-visits", method: "GET", path: "/api/me/visits", tag: "me", summary: "The browsers in which one is logged in"}, func(ctx context.Context, in *Paging) (*list[Visit], error) {
		p, _ := login.From(ctx)
		visits, err := a.cfg.Login.Visits(ctx, p)
		if err != nil {
			return nil, err
		}
		out := []Visit{}
		for _, v := range visits {
			out = append(out, visitOf(v, p))
		}
		return pageOf(in, out), nil
	})
	do(a, op{id: "end-visit", method: "DELETE", path: "/api/me/visits/{id}", tag: "me", summary: "Log a browser out"}, func(ctx context.Context, _ center.Service, in *struct {
		ID int64 `path:"id"`
	}) error {
		p, _ := login.From(ctx)
		return a.cfg.Login.EndVisit(ctx, p, in.ID)
	})
}

func visitOf(v store.Visit, p login.Person) Visit {
	return Visit{v.ID, v.Agent, v.From, v.Added, v.Used, v.Until, v.ID == p.Visit.ID}
}

const created = http.StatusCreated
