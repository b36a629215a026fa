package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/center/shape"
	"tandem/center/webhook"
	"tandem/internal/ui"
	"tandem/store"
)

func (a *app) webhookCommand() *cobra.Command {
	return noun("webhook", "Addresses that are sent what happens",
		`A webhook is an address that the hub sends what happens, as signed JSON (Standard Webhooks
1.0.0). What does not arrive is sent again for three days; a receiver knows a repeat by its id.
See doc/notify.md.`,
		a.webhookList(), a.webhookAdd(), a.webhookSet(), a.webhookID("remove", "Remove a webhook, with what is on its way", func(ctx context.Context, s center.Service, id int64) error {
			return s.RemoveWebhook(ctx, id)
		}), a.webhookRenew(), a.webhookTest(), a.webhookDeliveries(), a.webhookRetry(), a.webhookPrivate())
}

func webhookNumber(word string) (int64, error) {
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, errUsage{fmt.Errorf("%q is no webhook; `tandem webhook list` lists them", word)}
	}
	return id, nil
}

func eventsHelp() string {
	var b strings.Builder
	for _, e := range webhook.Events() {
		fmt.Fprintf(&b, "  %-18s %s\n", e.Name, e.Help)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func whose(user string) string {
	if user == "" {
		return "the hub"
	}
	return user
}

func (a *app) webhookList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the webhooks",
		Example: "  tandem webhook list --json",
		Args:    args(0, 0, "webhook list takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListWebhooks(c.Context(), "*")
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, shape.List(list.Webhooks, shape.OfWebhook))
				}
				if len(list.Webhooks) == 0 {
					_, err := fmt.Fprintln(a.out, "no webhooks yet; add one with `tandem webhook add URL`")
					return err
				}
				t := ui.NewTable("ID", "WHOSE", "STATE", "EVENTS", "ITEMS", "URL")
				for _, h := range list.Webhooks {
					state := "on"
					if !h.Enabled {
						state = "off"
					}
					t.Add(strconv.FormatInt(h.ID, 10), whose(h.User), state, orAll(h.Events), orAll(h.Items), h.URL)
				}
				return t.Write(a.out)
			})
		},
	})
}

func orAll(list []string) string {
	if len(list) == 0 {
		return "all"
	}
	return strings.Join(list, ",")
}

func (a *app) showSecret(n center.NewWebhook) error {
	if a.json {
		return ui.JSON(a.out, shape.OfNewWebhook(n))
	}
	_, err := fmt.Fprintf(a.out, "webhook %d to %s\nits key, which is told this once: %s\n", n.Webhook.ID, clean(n.Webhook.URL), n.Secret)
	return err
}

func (a *app) webhookAdd() *cobra.Command {
	var h store.Hook
	c := &cobra.Command{
		Use:   "add URL",
		Short: "Have an address sent what happens",
		Long: `Has an address sent what happens, of everybody or, with --user, of one user. The key that
deliveries are signed with is told once. Events:

` + eventsHelp(),
		Example: "  tandem webhook add https://example.org/tandem\n  tandem webhook add https://example.org/tandem --events problem.began,problem.solved --user anna\n  tandem webhook add http://localhost:8123/api/webhook/x --events run.ended --items contacts-phone",
		Args:    args(1, 1, "name one address: tandem webhook add URL"),
		RunE: func(c *cobra.Command, words []string) error {
			h.URL = words[0]
			return a.with(c.Context(), func(s center.Service) error {
				n, err := s.AddWebhook(c.Context(), h)
				if err != nil {
					return asUsage(err)
				}
				return a.showSecret(n)
			})
		},
	}
	c.Flags().StringVar(&h.User, "user", "", "whose it is, and what concerns this user only (default: the hub's, for everybody)")
	c.Flags().StringSliceVar(&h.Events, "events", nil, "which events, with commas between them (default: all)")
	c.Flags().StringSliceVar(&h.Items, "items", nil, "of which sync items only (default: all)")
	return a.jsonFlag(c)
}

func (a *app) webhookSet() *cobra.Command {
	c := &cobra.Command{
		Use:     "set WEBHOOK KEY=VALUE...",
		Short:   "Change a webhook",
		Long:    "Changes a webhook: url, events and items with commas between them (empty: all), and enabled: on, off.",
		Example: "  tandem webhook set 2 enabled=off\n  tandem webhook set 2 events=run.ended,problem.began items=",
		Args:    args(2, -1, "name a webhook and what to set: tandem webhook set WEBHOOK KEY=VALUE..."),
		RunE: func(c *cobra.Command, words []string) error {
			id, err := webhookNumber(words[0])
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.ListWebhooks(c.Context(), "*")
				if err != nil {
					return err
				}
				i := slices.IndexFunc(list.Webhooks, func(h store.Hook) bool { return h.ID == id })
				if i < 0 {
					return webhook.Missing(id)
				}
				h := list.Webhooks[i]
				for _, word := range words[1:] {
					if err := setHook(&h, word); err != nil {
						return err
					}
				}
				if h, err = s.SetWebhook(c.Context(), h); err != nil {
					return asUsage(err)
				}
				if a.json {
					return ui.JSON(a.out, shape.OfWebhook(h))
				}
				return nil
			})
		},
	}
	return a.jsonFlag(c)
}

func setHook(h *store.Hook, word string) error {
	key, value, _ := strings.Cut(word, "=")
	split := func() []string {
		return slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
	}
	switch {
	case key == "url":
		h.URL = value
	case key == "events":
		h.Events = split()
	case key == "items":
		h.Items = split()
	case key == "enabled" && (value == "on" || value == "off"):
		h.Enabled = value == "on"
	default:
		return errUsage{fmt.Errorf("%q is not url=, events=, items= or enabled=on|off", word)}
	}
	return nil
}

// webhookID is a command that does something with one webhook.
func (a *app) webhookID(verb, short string, do func(ctx context.Context, s center.Service, id int64) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " WEBHOOK",
		Short:   short,
		Example: "  tandem webhook " + verb + " 2",
		Args:    args(1, 1, "name one webhook, as `tandem webhook list` lists them: tandem webhook "+verb+" WEBHOOK"),
		RunE: func(c *cobra.Command, words []string) error {
			id, err := webhookNumber(words[0])
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(s center.Service) error { return do(c.Context(), s, id) })
		},
	}
}

func (a *app) webhookRenew() *cobra.Command {
	return a.jsonFlag(a.webhookID("renew", "Give a webhook another key", func(ctx context.Context, s center.Service, id int64) error {
		n, err := s.RenewWebhook(ctx, id)
		if err != nil {
			return err
		}
		return a.showSecret(n)
	}))
}

func (a *app) webhookTest() *cobra.Command {
	return a.webhookID("test", "Send a webhook a test, while the hub runs", func(ctx context.Context, s center.Service, id int64) error {
		d, err := s.TestWebhook(ctx, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "delivery %d is on its way; `tandem webhook deliveries %d` tells what became of it\n", d.ID, id)
		return err
	})
}

func (a *app) webhookDeliveries() *cobra.Command {
	var lines int
	c := a.jsonFlag(a.webhookID("deliveries", "List what a webhook was sent, and how that went", func(ctx context.Context, s center.Service, id int64) error {
		list, err := s.ListDeliveries(ctx, id, lines)
		if err != nil {
			return err
		}
		if a.json {
			return ui.JSON(a.out, shape.List(list, shape.OfDelivery))
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(a.out, "nothing was sent yet")
			return err
		}
		t := ui.NewTable("ID", "WHEN", "EVENT", "STATE", "TRIES", "NEXT", "STATUS", "LAST ERROR")
		for _, d := range list {
			next, status := "", ""
			if d.State == store.Waiting {
				next = since(d.Next)
			}
			if d.Status != 0 {
				status = strconv.Itoa(d.Status)
			}
			t.Add(strconv.FormatInt(d.ID, 10), since(d.Added), d.Event, string(d.State), strconv.Itoa(d.Tries), next, status, ui.Cut(d.Error, 80))
		}
		return t.Write(a.out)
	}))
	c.Flags().IntVarP(&lines, "lines", "l", 50, "how many to show at most")
	return c
}

func (a *app) webhookRetry() *cobra.Command {
	return &cobra.Command{
		Use:     "retry WEBHOOK DELIVERY",
		Short:   "Send a delivery again, now",
		Example: "  tandem webhook retry 2 31",
		Args:    args(2, 2, "name a webhook and a delivery of it: tandem webhook retry WEBHOOK DELIVERY"),
		RunE: func(c *cobra.Command, words []string) error {
			id, err := webhookNumber(words[0])
			if err != nil {
				return err
			}
			delivery, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				return errUsage{fmt.Errorf("%q is no delivery; `tandem webhook deliveries %d` lists them", words[1], id)}
			}
			return a.with(c.Context(), func(s center.Service) error { return s.RetryDelivery(c.Context(), id, delivery) })
		},
	}
}

func (a *app) webhookPrivate() *cobra.Command {
	return &cobra.Command{
		Use:     "private on|off",
		Short:   "Let webhooks of members reach private addresses, or not",
		Example: "  tandem webhook private on\n  tandem webhook private off",
		Long: `Webhooks of the hub and of administrators reach any address. Those of other users reach public
addresses only, as the hub stands in a network that they may not; "on" lifts that.`,
		Args:              args(1, 1, "say on or off: tandem webhook private on|off"),
		ValidArgsFunction: cobra.FixedCompletions([]string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(c *cobra.Command, words []string) error {
			if words[0] != "on" && words[0] != "off" {
				return errUsage{errors.New("say on or off: tandem webhook private on|off")}
			}
			return a.with(c.Context(), func(s center.Service) error { return s.SetPrivateWebhooks(c.Context(), words[0] == "on") })
		},
	}
}
