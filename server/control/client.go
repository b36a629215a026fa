package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"tandem"
	"tandem/center"
	"tandem/provider"
	"tandem/store"
)

// Client is a center.Service in another process.
type Client struct {
	http    *http.Client
	process int
	version string
}

var _ center.Service = (*Client)(nil)

// Dial reaches the process that owns a data folder. The error is NotFound when nobody answers there: no process, or
// one that died and left its socket.
func Dial(ctx context.Context, dir string) (*Client, error) {
	path, err := Address(dir)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	c := &Client{http: &http.Client{Transport: transport}}
	hello, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	g, err := call[greeting](hello, c, "Hello", nothing{})
	if err != nil {
		c.Close()
		// Whatever keeps the connection from coming about, no hub is behind it; a folder that may not be entered says so
		// itself when it is opened.
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" && ctx.Err() == nil {
			return nil, &tandem.Error{Kind: tandem.NotFound, Op: "reach the hub at", Thing: path, Err: err}
		}
		return nil, err
	}
	c.process, c.version = g.Process, g.Version
	return c, nil
}

// Close lets go of the connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Process is the id of the process that answers.
func (c *Client) Process() int { return c.process }

// Version is the version of the program that answers.
func (c *Client) Version() string { return c.version }

func (c *Client) post(ctx context.Context, name string, arg any) (*http.Response, error) {
	body, err := json.Marshal(arg)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://tandem/v1/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, lost(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var f failure
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&f); err != nil || f.Error == nil {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "ask the hub", Err: fmt.Errorf("it answered %s", resp.Status), Remedy: "use the same version of tandem on both ends"}
	}
	return nil, f.Error.Err()
}

func lost(err error) error {
	return &tandem.Error{Kind: tandem.Transient, Op: "ask the hub", Err: err, Remedy: "see whether `tandem serve` still runs"}
}

func call[Answer any](ctx context.Context, c *Client, name string, arg any) (Answer, error) {
	var out Answer
	resp, err := c.post(ctx, name, arg)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		return out, lost(err)
	}
	return out, nil
}

func do(ctx context.Context, c *Client, name string, arg any) error {
	_, err := call[nothing](ctx, c, name, arg)
	return err
}

// follow reads the lines of a run.
func (c *Client) follow(ctx context.Context, name string, arg any, tell func(center.SyncNews)) error {
	return c.lines(ctx, name, arg, func(l line) {
		if l.News != nil {
			tell(*l.News)
		}
	})
}

// lines reads the lines of an answer.
func (c *Client) lines(ctx context.Context, name string, arg any, tell func(line)) error {
	resp, err := c.post(ctx, name, arg)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	d := json.NewDecoder(resp.Body)
	for {
		var l line
		if err := d.Decode(&l); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return lost(err)
		}
		tell(l)
		if l.Done {
			return l.Error.Err()
		}
	}
}

// AddPartner implements center.Service.
func (c *Client) AddPartner(ctx context.Context, user, name, place string) (store.Partner, error) {
	return call[store.Partner](ctx, c, "AddPartner", partnerArg{user, name, place})
}

// LookAt implements center.Service.
func (c *Client) LookAt(ctx context.Context, l center.Look) ([]provider.Found, error) {
	return call[[]provider.Found](ctx, c, "LookAt", l)
}

// ListPartners implements center.Service.
func (c *Client) ListPartners(ctx context.Context) ([]store.Partner, error) {
	return call[[]store.Partner](ctx, c, "ListPartners", nothing{})
}

// CallPartner implements center.Service.
func (c *Client) CallPartner(ctx context.Context, name, title string) (store.Partner, error) {
	return call[store.Partner](ctx, c, "CallPartner", labelArg{Name: name, Label: title})
}

// SetPartner implements center.Service.
func (c *Client) SetPartner(ctx context.Context, name string, set map[string]string) (store.Partner, error) {
	return call[store.Partner](ctx, c, "SetPartner", setArg{name, set})
}

// RemovePartner implements center.Service.
func (c *Client) RemovePartner(ctx context.Context, name string) error {
	return do(ctx, c, "RemovePartner", nameArg{name})
}

// AddItem implements center.Service.
func (c *Client) AddItem(ctx context.Context, n center.NewItem) (store.Item, error) {
	return call[store.Item](ctx, c, "AddItem", n)
}

// FirstSync implements center.Service.
func (c *Client) FirstSync(ctx context.Context, item string) (center.First, error) {
	return call[center.First](ctx, c, "FirstSync", nameArg{item})
}

// ListItems implements center.Service.
func (c *Client) ListItems(ctx context.Context) ([]store.Item, error) {
	return call[[]store.Item](ctx, c, "ListItems", nothing{})
}

// EnableItem implements center.Service.
func (c *Client) EnableItem(ctx context.Context, name string, on bool) error {
	return do(ctx, c, "EnableItem", enableArg{name, on})
}

// SetItem implements center.Service.
func (c *Client) SetItem(ctx context.Context, name string, set map[string]string) (store.Item, error) {
	return call[store.Item](ctx, c, "SetItem", setArg{name, set})
}

// RemoveItem implements center.Service.
func (c *Client) RemoveItem(ctx context.Context, name string) error {
	return do(ctx, c, "RemoveItem", nameArg{name})
}

// Sync implements center.Service.
func (c *Client) Sync(ctx context.Context, names []string, opt center.SyncOptions, tell func(center.SyncNews)) error {
	return c.follow(ctx, "Sync", syncArg{names, opt}, tell)
}

// Begin implements center.Service.
func (c *Client) Begin(ctx context.Context, names []string, opt center.SyncOptions) ([]center.Begun, error) {
	return call[[]center.Begun](ctx, c, "Begin", syncArg{names, opt})
}

// Stop implements center.Service.
func (c *Client) Stop(ctx context.Context, names []string) ([]string, error) {
	return call[[]string](ctx, c, "Stop", namesArg{names})
}

// Follow implements center.Service.
func (c *Client) Follow(ctx context.Context, tell func(center.News)) error {
	err := c.lines(ctx, "Follow", nothing{}, func(l line) {
		if l.Heard != nil {
			tell(*l.Heard)
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// SyncPlaces implements center.Service.
func (c *Client) SyncPlaces(ctx context.Context, p center.Places, opt center.SyncOptions, tell func(center.SyncNews)) error {
	return c.follow(ctx, "SyncPlaces", placesArg{p, opt}, tell)
}

// Conflicts implements center.Service.
func (c *Client) Conflicts(ctx context.Context, open bool) ([]store.Conflict, error) {
	return call[[]store.Conflict](ctx, c, "Conflicts", openArg{open})
}

// Conflict implements center.Service.
func (c *Client) Conflict(ctx context.Context, id int64) (store.Conflict, []string, error) {
	a, err := call[conflictAnswer](ctx, c, "Conflict", idArg{id})
	texts := make([]string, len(a.Bodies))
	for i, b := range a.Bodies {
		texts[i] = string(b)
	}
	return a.Conflict, texts, err
}

// Decide implements center.Service.
func (c *Client) Decide(ctx context.Context, id int64, decision string, body []byte) error {
	return do(ctx, c, "Decide", decideArg{id, decision, body})
}

// History implements center.Service.
func (c *Client) History(ctx context.Context, f store.PastFilter) ([]store.Past, error) {
	return call[[]store.Past](ctx, c, "History", f)
}

// Undo implements center.Service.
func (c *Client) Undo(ctx context.Context, what string) ([]center.UndoResult, error) {
	return call[[]center.UndoResult](ctx, c, "Undo", nameArg{what})
}

// Status implements center.Service.
func (c *Client) Status(ctx context.Context, names []string) ([]center.ItemStatus, error) {
	return call[[]center.ItemStatus](ctx, c, "Status", namesArg{names})
}

// ByHand implements center.Service.
func (c *Client) ByHand(ctx context.Context) ([]center.PlacesStatus, error) {
	return call[[]center.PlacesStatus](ctx, c, "ByHand", nothing{})
}

// Runs implements center.Service.
func (c *Client) Runs(ctx context.Context, f store.RunFilter) ([]store.Run, error) {
	return call[[]store.Run](ctx, c, "Runs", f)
}

// Log implements center.Service.
func (c *Client) Log(ctx context.Context, after int64, item string, limit int) ([]store.Event, error) {
	return call[[]store.Event](ctx, c, "Log", listArg{Item: item, After: after, Limit: limit})
}

// FollowLog implements center.Service.
func (c *Client) FollowLog(ctx context.Context, after int64, item string, tell func(store.Event)) error {
	err := c.follow(ctx, "FollowLog", listArg{Item: item, After: after}, func(n center.SyncNews) {
		if n.Event != nil {
			tell(*n.Event)
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Collections implements center.Service.
func (c *Client) Collections(ctx context.Context) ([]tandem.Collection, error) {
	return call[[]tandem.Collection](ctx, c, "Collections", nothing{})
}

// Checks implements center.Service.
func (c *Client) Checks(ctx context.Context, user string) ([]center.Check, error) {
	return call[[]center.Check](ctx, c, "Checks", nameArg{user})
}
