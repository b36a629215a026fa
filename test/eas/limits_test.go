package eas_test

import (
	"context"
	"net/http"
	"testing"

	"tandem/partner/account"
	"tandem/wire/wbxml"
)

// TestLimitedPassword: a phone is let in with an app password for phones, and turned away with one that is right and for something else.
func TestLimitedPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for label, c := range map[string]struct {
		limits account.Limits
		want   int
	}{
		"phones": {account.Limits{Doors: []account.Door{account.Phones}}, http.StatusOK},
		"files":  {account.Limits{Doors: []account.Door{account.Files}}, http.StatusForbidden},
		"reads":  {account.Limits{ReadOnly: true}, http.StatusForbidden},
	} {
		app, _, err := h.accounts.NewAppPassword(context.Background(), "ann", label, c.limits)
		h.must(err)
		client := h.client("ann", "phone1", "16.1")
		client.Password = app
		a, err := client.Do(context.Background(), "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, "0")))
		h.must(err)
		if a.Code != c.want {
			t.Errorf("%s: HTTP %d", label, a.Code)
		}
	}
}
