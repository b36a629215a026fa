package items_test

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/server/eas/items"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// TestMisplacedOptions: an option of another operation is refused, and nothing is done; what no operation knows is passed over. MS-ASCMD_R3547
func TestMisplacedOptions(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Contact, card("Zoe", ""))[0]
	folder := "<airsync:CollectionId>" + k.Folder("ann", tandem.Contact) + "</airsync:CollectionId>"
	for ask, want := range map[string]string{
		fetch(byID(id) + "<Options><DeleteSubFolders/></Options>"):                                       "Fetch{Status=2 ",
		fetch(byID(id) + "<Options><MoveAlways/></Options>"):                                             "Fetch{Status=2 ",
		fetch(byID(id) + "<Options><airsync:MIMESupport>0</airsync:MIMESupport></Options>"):              "Fetch{Status=1 ",
		fetch(byID(id) + "<Options><Data/></Options>"):                                                   "Fetch{Status=1 ",
		"<EmptyFolderContents>" + folder + "<Options><MoveAlways/></Options></EmptyFolderContents>":      "EmptyFolderContents{Status=2 ",
		"<EmptyFolderContents>" + folder + "<Options><Range>0-9</Range></Options></EmptyFolderContents>": "EmptyFolderContents{Status=2 ",
		"<Move><ConversationId/><DstFldId>1</DstFldId><Options><MoveAlways/><Schema/></Options></Move>":  "Move{Status=2 ",
		"<Move><ConversationId/><DstFldId>1</DstFldId><Options><MoveAlways/></Options></Move>":           "Move{Status=156 ",
	} {
		if got := k.ask(op(ask)); !strings.HasPrefix(got, "ItemOperations{Status=1 Response{"+want) {
			t.Errorf("%s: %s", ask, got)
		}
	}
	if n := len(k.Bodies("ann", tandem.Contact)); n != 1 {
		t.Errorf("%d contacts are left", n)
	}
	k.Valid()
}

// blind is a folder whose records cannot be shown.
type blind struct{ items.Folders }

func (b blind) FindView(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error) {
	c, v, err := b.Folders.FindView(ctx, r, id)
	return c, unshowable{v}, err
}

type unshowable struct{ eas.View }

func (unshowable) Get([]byte, eas.Options) ([]*wbxml.Element, error) {
	return nil, tandem.Errorf(tandem.Invalid, "this record is poison")
}

// TestUnshowable: what cannot be shown is told for itself. MS-ASCMD_R4165
func TestUnshowable(t *testing.T) {
	k := newKit(t)
	id := k.Put("ann", tandem.Contact, card("Zoe", ""))[0]
	k.svc.Folders = blind{k.svc.Folders}
	if got := k.ask(op(fetch(byID(id)), fetch(byID("1:999")))); !strings.HasPrefix(got, "ItemOperations{Status=1 Response{Fetch{Status=14 ") || strings.Contains(got, "Zoe") {
		t.Error(got)
	}
	k.Valid()
}

// busy is a Home in which somebody else writes each record just before it is deleted.
type busy struct{ store.Home }

func (b busy) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	for i := range writes[:1] {
		writes[i].If = "another"
	}
	return b.Home.Write(ctx, collection, who, writes)
}

// TestPartlyEmpty: what somebody wrote meanwhile stays, and the client is told. MS-ASCMD_R4168
func TestPartlyEmpty(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Zoe", ""), card("Yan", ""))
	k.svc.Home = busy{k.svc.Home}
	folder := k.Folder("ann", tandem.Contact)
	if got := k.ask(op("<EmptyFolderContents><airsync:CollectionId>" + folder + "</airsync:CollectionId></EmptyFolderContents>")); got != "ItemOperations{Status=1 Response{EmptyFolderContents{Status=17 CollectionId="+folder+"}}}" {
		t.Error(got)
	}
	if left := k.Bodies("ann", tandem.Contact); len(left) != 1 {
		t.Errorf("%d are left", len(left))
	}
	k.Valid()
}
