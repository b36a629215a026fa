package device

import (
	"bytes"
	"testing"

	"tandem"
	"tandem/partner/seal"
	"tandem/store"
)

// TestUnlock: the password by which a device can be unlocked is kept sealed, also that which an earlier version kept as it is, and goes with the device. MS-ASCMD 2.2.3.46
func TestUnlock(t *testing.T) {
	k := newKit(t)
	d, err := k.Meet(k.ctx, "anna", Sighting{ID: "P/1", Type: "iPhone"})
	k.must(err)
	if err := k.KeepPassword(k.ctx, d, "secret-1234"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("without a keeper: %v", err)
	}
	keeper, err := seal.New(k.st.Secrets, bytes.Repeat([]byte{7}, 32), "a test")
	k.must(err)
	k.cfg.Secrets = keeper
	kept := func(want string) {
		t.Helper()
		got, err := keeper.Get(k.ctx, UnlockSecret("anna", "P/1"))
		if err != nil && !tandem.IsKind(err, tandem.NotFound) || got != want {
			t.Errorf("kept %q, want %q, %v", got, want, err)
		}
		docs, err := k.st.Devices.State(k.ctx, d.Number, unlockDoc)
		k.must(err)
		sealed, err := k.st.Secrets.Secret(k.ctx, UnlockSecret("anna", "P/1"))
		if docs[unlockDoc] != nil || want != "" && (err != nil || bytes.Contains(sealed, []byte(want))) {
			t.Errorf("in the store: %q, %q, %v", docs, sealed, err)
		}
	}
	if _, err := k.UnlockPassword(k.ctx, "anna", "P/1", "ben"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("before there is one: %v", err)
	}
	k.must(k.KeepPassword(k.ctx, d, "secret-1234"))
	kept("secret-1234")
	if got, err := k.UnlockPassword(k.ctx, "anna", "P/1", "ben"); got != "secret-1234" || err != nil {
		t.Errorf("shown: %q, %v", got, err)
	}
	var at int64
	k.wantLog(&at, "first contact", "ben was shown its recovery password")
	k.must(k.KeepPassword(k.ctx, d, ""))
	kept("")
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: unlockDoc, New: []byte("old-5678")})) // of an earlier version
	k.must(k.SealPasswords(k.ctx))
	k.must(k.SealPasswords(k.ctx))
	kept("old-5678")
	k.must(k.Remove(k.ctx, "anna", "P/1", "a test"))
	if _, err := keeper.Get(k.ctx, UnlockSecret("anna", "P/1")); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of a device that is no more: %v", err)
	}
}
