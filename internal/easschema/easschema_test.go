package easschema

import (
	"bytes"
	"strings"
	"testing"

	"tandem/wire/wbxml"
)

// documents are valid by the schema named, and no longer when the first is replaced by the second.
func documents() []struct {
	schema   string
	e        *wbxml.Element
	old, new string
} {
	w := wbxml.New
	text := wbxml.Text
	return []struct {
		schema   string
		e        *wbxml.Element
		old, new string
	}{
		{"FolderSyncResponse", w(wbxml.FolderHierarchyFolderSync, text(wbxml.FolderHierarchyStatus, "1"), text(wbxml.FolderHierarchySyncKey, "1"),
			w(wbxml.FolderHierarchyChanges, text(wbxml.FolderHierarchyCount, "1"), w(wbxml.FolderHierarchyAdd, text(wbxml.FolderHierarchyServerId, "5"),
				text(wbxml.FolderHierarchyParentId, "0"), text(wbxml.FolderHierarchyDisplayName, "Inbox & <more>"), text(wbxml.FolderHierarchyType, "2")))),
			"<Type>2<", "<Type>two<"},
		{"SyncResponse", w(wbxml.AirSyncSync, w(wbxml.AirSyncCollections, w(wbxml.AirSyncCollection, text(wbxml.AirSyncSyncKey, "2"), text(wbxml.AirSyncCollectionId, "5"),
			text(wbxml.AirSyncStatus, "1"), w(wbxml.AirSyncCommands,
				w(wbxml.AirSyncAdd, text(wbxml.AirSyncServerId, "5:1"), w(wbxml.AirSyncApplicationData, text(wbxml.EmailSubject, "x"),
					w(wbxml.AirSyncBaseBody, text(wbxml.AirSyncBaseType, "4"), text(wbxml.AirSyncBaseEstimatedDataSize, "3"), text(wbxml.AirSyncBaseTruncated, "0"),
						wbxml.Opaque(wbxml.AirSyncBaseData, []byte("a\r\nb"))), wbxml.Opaque(wbxml.Email2ConversationId, []byte{1, 2, 0xff}))),
				w(wbxml.AirSyncAdd, text(wbxml.AirSyncServerId, "5:2"), w(wbxml.AirSyncApplicationData, text(wbxml.ContactsFileAs, "Müller"),
					text(wbxml.ContactsMobilePhoneNumber, "+49"), text(wbxml.Contacts2NickName, "m"))))))),
			"<Status>1</Status>", "<State>1</State>"},
		{"PingResponse", w(wbxml.PingPing, text(wbxml.PingStatus, "2"), w(wbxml.PingFolders, text(wbxml.PingFolder, "5"))), "Folders>", "Folder>"},
		{"SendMailResponse", w(wbxml.ComposeMailSendMail, text(wbxml.ComposeMailStatus, "110")), "110", "no"},
	}
}

func TestValidate(t *testing.T) {
	s := New(t)
	for _, tt := range documents() {
		t.Run(tt.schema, func(t *testing.T) {
			var b bytes.Buffer
			if err := wbxml.ToXML(&b, tt.e); err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(tt.schema, b.Bytes()); err != nil {
				t.Errorf("%v\n%s", err, b.String())
			}
			wrong := strings.ReplaceAll(b.String(), tt.old, tt.new)
			if wrong == b.String() {
				t.Fatalf("%q does not occur", tt.old)
			}
			if err := s.Validate(tt.schema, []byte(wrong)); err == nil || strings.Contains(err.Error(), "Schemas parser error") {
				t.Errorf("%s: %v", wrong, err)
			}
		})
	}
	if err := s.Validate("Nope", nil); err == nil {
		t.Error("there is a schema Nope")
	}
}

// TestValidateAll: of many documents each gets its own verdict, also one that is no XML.
func TestValidateAll(t *testing.T) {
	s := New(t)
	good, bad, torn := []byte("<SendMail xmlns=\"ComposeMail\"><Status>110</Status></SendMail>"), []byte("<SendMail xmlns=\"ComposeMail\"><Status>no</Status></SendMail>"), []byte("<SendMail")
	var all [][]byte
	for i := range 2*atATime + 5 {
		all = append(all, [][]byte{good, bad, good, torn}[i%4])
	}
	for i, err := range s.ValidateAll("SendMailResponse", all...) {
		switch want := i % 4; {
		case (want == 1 || want == 3) != (err != nil):
			t.Fatalf("document %d, %s: %v", i, all[i], err)
		case want == 1 && (!strings.Contains(err.Error(), "Status") || strings.Contains(err.Error(), "\n:")):
			t.Fatalf("document %d: %v", i, err)
		case want == 3 && !strings.Contains(err.Error(), "parser error"):
			t.Fatalf("document %d: %v", i, err)
		}
	}
	if errs := s.ValidateAll("Nope", good, good); len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		t.Errorf("by a schema that is not there: %v", errs)
	}
}

// TestAllCompile checks that xmllint accepts each schema: a document that fits none is not valid, and nothing else is wrong.
func TestAllCompile(t *testing.T) {
	s := New(t)
	names := s.Names()
	if len(names) < 40 {
		t.Fatalf("only %d schemas", len(names))
	}
	for _, name := range names {
		if err := s.Validate(name, []byte("<nothing/>")); err == nil || strings.Contains(err.Error(), "Schemas parser error") || !strings.Contains(err.Error(), "Schemas validity error") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
