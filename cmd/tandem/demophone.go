package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"tandem/internal/ui"
	"tandem/server/listen"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// openDoor opens the phones' door of the demo on loopback, and makes a simulated phone that knows its password.
func (d *demo) openDoor(ctx context.Context) (err error) {
	at := doorPlan{addresses: []listen.Address{{Host: "127.0.0.1", Port: "0"}}}
	if d.doors, err = d.hub.openDoors(at, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	users, err := d.hub.accounts.Users(ctx)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return errors.New("the demo's hub has no user")
	}
	d.user = users[0].Name
	if d.password, _, err = d.hub.accounts.NewAppPassword(ctx, d.user, "demo phone"); err != nil {
		return err
	}
	d.phone = easclient.NewPhone(&easclient.Client{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Base: d.doors.srv.Addresses()[0].String(), User: d.user, Password: d.password,
		DeviceID: "demophone", DeviceType: "DemoPhone", Agent: "Tandem-Demo/1", Version: "16.1"})
	return nil
}

// contacts is the folder of the phone's contacts.
func (d *demo) contacts() string { return d.phone.FolderOf(9) }

// has reports whether the phone has a contact.
func (d *demo) has(first, last string) bool {
	for _, it := range d.phone.Stores[d.contacts()].Items {
		e := wbxml.New(wbxml.AirSyncApplicationData, it.Data...)
		if e.Get(wbxml.ContactsFirstName) == first && e.Get(wbxml.ContactsLastName) == last {
			return true
		}
	}
	return false
}

// showPhone has the phone load the contacts and add one.
func (d *demo) showPhone(ctx context.Context) error {
	d.say("5. A phone connects with Exchange ActiveSync, and adds Dora.")
	if err := d.phone.FolderSync(ctx); err != nil {
		return err
	}
	if err := d.phone.Sync(ctx, d.contacts()); err != nil {
		return err
	}
	if !d.has("Anna", "Adams") || !d.has("Carla", "Costa") || d.has("Ben", "Bauer") {
		return errors.New("the phone does not have the contacts that the folders have")
	}
	d.phone.Add(d.contacts(), wbxml.Text(wbxml.ContactsFirstName, "Dora"), wbxml.Text(wbxml.ContactsLastName, "Dahl"), wbxml.Text(wbxml.ContactsFileAs, "Dahl, Dora"),
		wbxml.Text(wbxml.ContactsMobilePhoneNumber, "+49 30 6666"))
	if err := d.phone.Sync(ctx, d.contacts()); err != nil {
		return err
	}
	err := d.until(ctx, "Dora to arrive", d.both("phone-book", "laptop-book", "Dora Dahl", "+49 30 6666"))
	if err == nil {
		d.say("   → it has Anna and Carla, and Dora is in both folders.")
	}
	return err
}

// keepPhone lets the phone wait for changes, as phones do, and tells what it gets, until ctx is done.
func (d *demo) keepPhone(ctx context.Context) {
	const heartbeat = 600 // seconds
	err := d.phone.FolderSync(ctx)
	for err == nil {
		folder := d.contacts()
		before := len(d.phone.Stores[folder].Items)
		if err = d.phone.Sync(ctx, folder); err != nil {
			break
		}
		if n := len(d.phone.Stores[folder].Items); n != before {
			d.say("%s  the simulated phone has %s", now().Format("15:04:05"), ui.Count(n, "contact"))
		}
		_, _, err = d.phone.Ping(ctx, heartbeat, folder)
	}
	if ctx.Err() == nil {
		d.say("%s  the simulated phone gave up: %s", now().Format("15:04:05"), oneLine(err))
	}
}
