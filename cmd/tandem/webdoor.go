package main

import (
	"context"
	"fmt"

	"tandem/partner/account"
)

// firstLink tells the one-time link by which the first administrator sets the hub up in a browser, or how to make one where there are users but none who
// administers the hub.
func (a *app) firstLink(d *doors) error {
	if d == nil {
		return nil
	}
	path, err := d.web.Login.FirstLink(context.Background())
	if err != nil {
		return err
	}
	if path != "" {
		base := named(d.srv.Addresses()[0]).String()
		if public := d.plan.outside(); public != nil {
			base = public.String()
		}
		_, err = fmt.Fprintf(a.out, "\nSet it up in a browser, with this link that works once:\n  %s%s\n", base, path)
		return err
	}
	users, err := d.accounts.Users(context.Background())
	if err != nil {
		return err
	}
	for _, u := range users {
		if account.IsAdmin(u) {
			return nil
		}
	}
	_, err = fmt.Fprintln(a.out, "Nobody administers this hub in the browser yet; make somebody an administrator with `tandem user admin NAME`")
	return err
}
