package main

import (
	"context"
	"log/slog"
	"time"

	"tandem/center"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/internal/netguard"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	speech "tandem/server/web/page/words"
	"tandem/store"
)

// The patience with those who are told something.
const (
	hookLimit = 20 * time.Second
	pushLimit = 30 * time.Second
)

// tellers are what tells people and programs what happens.
type tellers struct {
	people  *notify.Service
	desktop *notify.Desktop
	push    *notify.Push
	hooks   *webhook.Service
}

func (h *hub) tellers(out *outgoing.Service, secrets *seal.Keeper, log *slog.Logger) tellers {
	st := h.store
	t := tellers{desktop: &notify.Desktop{Base: h.page}}
	t.push = &notify.Push{Notices: st.Notices, Secrets: secrets, Base: h.page, Client: netguard.Client(func(context.Context) bool { return false }, pushLimit)}
	t.hooks = webhook.New(webhook.Config{Hooks: st.Hooks, Accounts: st.Accounts, Settings: st.Settings, Events: st.Events, Secrets: secrets, Client: netguard.Client(webhook.Private, hookLimit), Version: version(), Log: log})
	speak := map[string]speech.Words{}
	for _, l := range speech.Languages() {
		speak[l] = speech.In(l)
	}
	t.people = notify.New(notify.Config{Say: func(l, text string) string { return speak[l].Say(text) }, Accounts: st.Accounts, Notices: st.Notices, Log: log, Queued: t.hooks.Poke,
		Channels: []notify.Channel{t.desktop, &notify.Mail{Out: out, Host: hostName(), Base: h.page}, t.push},
		Told: func(ctx context.Context, began, solved []store.Notice) ([]store.Delivery, error) {
			return t.hooks.Compose(ctx, center.NoticeEvents(began, solved))
		}})
	return t
}

// page is the address of the hub's page, as others reach it where that is known; "" while there is none.
func (h *hub) page() string {
	if h.doors == nil {
		return ""
	}
	if public := h.doors.plan.outside(); public != nil {
		return public.String()
	}
	return named(h.doors.srv.Addresses()[0]).String()
}
