package center

import (
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/store"
)

func TestAccount(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".Sent", ".Lists.go", ".Entw&APw-rfe")
	p.deliver("work", 3, "in")
	p.deliver("work/.Lists.go", 2, "go")
	p.write(p.makeHome("anna", "Local"), "mine", mail.Flags{})
	p.begin("work", "anna")
	p.homeIs("anna", "Drafts:0 Inbox:3 Lists/go:2 Local:1 Sent:0")
	p.placeIs("work", "Entwürfe:0 INBOX:3 Lists/go:2 Sent:0")
	p.quiet()

	// Folders that come on either side.
	p.tree("work", ".Neu", ".Lists.go.old")
	p.deliver("work/.Neu", 1, "neu")
	p.write(p.makeHome("anna", "Reisen/Ä.b"), "out", mail.Flags{Seen: true})
	p.sync()
	p.homeIs("anna", "Drafts:0 Inbox:3 Lists/go/old:0 Lists/go:2 Local:1 Neu:1 Reisen/Ä.b:1 Sent:0")
	p.placeIs("work", "Entwürfe:0 INBOX:3 Lists/go/old:0 Lists/go:2 Neu:1 Reisen/Ä.b:1 Sent:0")
	p.quiet()

	// Renamed on either side; what is below follows.
	p.rename("work/.Neu", "work/.Alt")
	p.renameHome("anna", "Lists/go", "Lists/golang")
	p.sync()
	p.sync()
	p.homeIs("anna", "Alt:1 Drafts:0 Inbox:3 Lists/golang/old:0 Lists/golang:2 Local:1 Reisen/Ä.b:1 Sent:0")
	p.placeIs("work", "Alt:1 Entwürfe:0 INBOX:3 Lists/golang/old:0 Lists/golang:2 Reisen/Ä.b:1 Sent:0")
	p.asked("rename Lists/go Lists/golang")
	p.deliver("work/.Alt", 2, "more")
	p.sync()
	p.homeIs("anna", "Alt:3 Drafts:0 Inbox:3 Lists/golang/old:0 Lists/golang:2 Local:1 Reisen/Ä.b:1 Sent:0")
	p.quiet()

	// Removed on either side.
	p.remove("work/.Alt")
	p.removeHome("anna", "Reisen/Ä.b")
	p.sync()
	p.homeIs("anna", "Drafts:0 Inbox:3 Lists/golang/old:0 Lists/golang:2 Local:1 Sent:0")
	p.placeIs("work", "Entwürfe:0 INBOX:3 Lists/golang/old:0 Lists/golang:2 Sent:0")
	p.asked("delete Reisen/Ä.b")
	p.quiet()
	past, err := p.store.History.List(p.Context(), store.PastFilter{Limit: 100})
	if err != nil || len(past) < 4 {
		t.Errorf("%d versions in history (%v): the messages of removed folders should be there", len(past), err)
	}

	// A message moves from folder to folder, and flags travel.
	p.rename("work/.Lists.golang/new/1700000000.Mgo.h", "work/.Lists.golang.old/cur/1700000000.Mgo.h:2,FS")
	p.sync()
	p.homeIs("anna", "Drafts:0 Inbox:3 Lists/golang/old:1 Lists/golang:1 Local:1 Sent:0")
	if f := mail.FlagsOf(p.records(p.coll("anna", "Lists/golang/old"))[0].Attrs); !f.Seen || !f.Flagged {
		t.Errorf("flags %+v", f)
	}
}

// TestBelowRoles: what lies within a folder that is for something lies within it on both sides, whatever it is called there.
func TestBelowRoles(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".Entw&APw-rfe", ".Entw&APw-rfe.Alt")
	p.begin("work", "anna")
	p.sync()
	p.tree("work", ".Entw&APw-rfe.Neu", ".INBOX.Listen")
	p.write(p.makeHome("anna", "Drafts/Hier"), "mine", mail.Flags{})
	p.write(p.makeHome("anna", "INBOX/Mehr"), "more", mail.Flags{})
	p.sync()
	p.placeIs("work", "Entwürfe/Alt:0 Entwürfe/Hier:1 Entwürfe/Neu:0 Entwürfe:0 INBOX/Listen:0 INBOX/Mehr:1 INBOX:0")
	p.homeIs("anna", "Drafts/Alt:0 Drafts/Hier:1 Drafts/Neu:0 Drafts:0 INBOX/Listen:0 INBOX/Mehr:1 Inbox:0")
	p.quiet()
	p.renameHome("anna", "Drafts/Hier", "Drafts/Dort")
	p.sync()
	p.placeIs("work", "Entwürfe/Alt:0 Entwürfe/Dort:1 Entwürfe/Neu:0 Entwürfe:0 INBOX/Listen:0 INBOX/Mehr:1 INBOX:0")
	p.quiet()
}

// TestRolesAreNeverLost: what is for something comes back wherever it was removed.
func TestRolesAreNeverLost(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".Sent Items")
	p.deliver("work/.Sent Items", 2, "sent")
	p.begin("work", "anna")
	p.homeIs("anna", "Inbox:0 Sent:2")
	p.remove("work/.Sent Items")
	p.sync()
	p.placeIs("work", "INBOX:0 Sent Items:2")
	p.removeHome("anna", "Sent")
	p.sync()
	p.homeIs("anna", "Inbox:0 Sent:2")
	// A phone wants a folder for drafts: the place gets one, too. What leaves is nobody else's.
	for _, role := range []mailbox.Role{mailbox.Drafts, mailbox.Outbox} {
		_, err := mailbox.New(p.store).Folder(t.Context(), "anna", role)
		p.must(err)
	}
	p.sync()
	p.placeIs("work", "Drafts:0 INBOX:0 Sent Items:2")
	p.quiet()
}

// TestTwoAccounts of one user: the second is below its name.
func TestTwoAccounts(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".Sent", ".Lists")
	p.tree("club", ".Sent", ".Lists", ".Junk")
	p.deliver("work", 1, "w")
	p.deliver("club", 2, "c")
	p.begin("work", "anna")
	p.begin("club", "anna")
	p.homeIs("anna", "Inbox:1 Lists:0 Sent:0 club/INBOX:2 club/Junk:0 club/Lists:0 club/Sent:0")
	p.makeHome("anna", "club/Neu")
	p.makeHome("anna", "Neu")
	p.sync()
	p.placeIs("work", "INBOX:1 Lists:0 Neu:0 Sent:0")
	p.placeIs("club", "INBOX:2 Junk:0 Lists:0 Neu:0 Sent:0")
	if err := p.hub.RemoveItem(t.Context(), "club-lists"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an item of an account was removed: %v", err)
	}
	if err := p.hub.RemovePartner(t.Context(), "work"); !tandem.IsKind(err, tandem.Busy) {
		t.Errorf("an account was removed: %v", err)
	}
	p.must(p.hub.UnfollowFolders(t.Context(), "club"))
	if items, _ := p.hub.ListItems(t.Context()); len(items) != 4 {
		t.Errorf("left are the items %v", items)
	}
	p.must(p.hub.RemovePartner(t.Context(), "club"))
	p.quiet()
	p.placeIs("club", "INBOX:2 Junk:0 Lists:0 Neu:0 Sent:0")
}

// TestUserWithAccount stays: the folders at the place must not go with the user.
func TestUserWithAccount(t *testing.T) {
	p := newPost(t)
	p.tree("work")
	p.begin("work", "anna")
	if err := p.hub.RemoveUser(t.Context(), "anna", true); !tandem.IsKind(err, tandem.Busy) {
		t.Errorf("removed with an account: %v", err)
	}
}
