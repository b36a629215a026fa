package eas_test

import (
	"fmt"
	"strings"
	"testing"

	"tandem/partner/mailbox"
	"tandem/wire/wbxml"
)

// TestFoldersWithin: folders of mail lie within each other on every phone; a search goes into those within where it is to, and emptying a folder takes them along where
// that is wanted. MS-ASCMD 2.2.1.3, 2.2.3.41, 2.2.3.44
func TestFoldersWithin(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			h := newPostHouse(t)
			top := h.folder("Projects")
			house := h.folder("Projects/House")
			h.folder("Projects/House/Garden")
			p := h.phone("ann", "phone1", version)
			all := h.do(p.Client, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>")
			contains(t, all, fmt.Sprintf("Add{ServerId=%d ParentId=0 DisplayName=Projects Type=12}", top.ID), fmt.Sprintf("Add{ServerId=%d ParentId=%d DisplayName=House Type=12}", house.ID, top.ID),
				fmt.Sprintf("ParentId=%d DisplayName=Garden Type=12", house.ID))
			key := strings.Fields(all[strings.Index(all, "SyncKey=")+len("SyncKey="):])[0]
			made := h.do(p.Client, "FolderCreate", fmt.Sprintf("<FolderCreate><SyncKey>%s</SyncKey><ParentId>%d</ParentId><DisplayName>Roof</DisplayName><Type>12</Type></FolderCreate>", key, house.ID))
			contains(t, made, "FolderCreate{Status=1")
			roof := h.folder("Projects/House/Roof2")
			h.arrive(top, 1, letterOf("Top", "zoe@example.org", "ann@example.org", "budget"))
			h.arrive(house, 2, letterOf("Mid", "zoe@example.org", "ann@example.org", "budget"))
			h.arrive(roof, 3, letterOf("Low", "zoe@example.org", "ann@example.org", "budget"))
			h.arrive(h.box("ann", mailbox.Inbox), 4, letterOf("Other", "zoe@example.org", "ann@example.org", "budget"))
			in := func(id int64) string { return fmt.Sprintf("<airsync:CollectionId>%d</airsync:CollectionId>", id) }
			for deep, want := range map[string]string{"": "Top", "<DeepTraversal/>": "Top Mid Low"} {
				if got := subjects(h.search(p.Client, in(top.ID)+"<FreeText>budget</FreeText>", deep)); got != want {
					t.Errorf("search %q finds %q, want %q", deep, got, want)
				}
			}
			if version == "16.1" {
				if got := subjects(h.find(p.Client, "budget", in(house.ID), "0-9")); got != "Mid Low" {
					t.Errorf("find finds %q", got)
				}
			}
			empty := func(options string) string {
				return h.do(p.Client, "ItemOperations", "<ItemOperations><EmptyFolderContents>"+in(top.ID)+options+"</EmptyFolderContents></ItemOperations>")
			}
			contains(t, empty(""), "EmptyFolderContents{Status=1")
			if got := h.in(house) + " " + h.in(roof); got != "Mid Low" {
				t.Errorf("left within: %q", got)
			}
			contains(t, empty("<Options><DeleteSubFolders/></Options>"), "EmptyFolderContents{Status=1")
			contains(t, h.do(p.Client, "FolderSync", "<FolderSync><SyncKey>0</SyncKey></FolderSync>"), "DisplayName=Projects", "!DisplayName=House", "!DisplayName=Roof")
			h.valid()
		})
	}
}

// TestMailHierarchy: GetHierarchy is there for 12.1 and for no other version. MS-ASCMD_R6048 to R6051
func TestMailHierarchy(t *testing.T) {
	for _, version := range versions {
		h := newPostHouse(t)
		h.box("ann", mailbox.Inbox)
		p := h.phone("ann", "phone1", version)
		a, err := p.Post(t.Context(), "GetHierarchy", nil, "", nil)
		if a == nil {
			t.Fatal(err)
		}
		if version == "12.1" {
			if a.Code != 200 || a.Doc == nil || a.Doc.Tag != wbxml.FolderHierarchyFolders || len(a.Doc.Children) < 5 {
				t.Errorf("%s: %+v, %v", version, a, err)
			}
		} else if a.Code != 501 {
			t.Errorf("%s: HTTP %d", version, a.Code)
		}
	}
}
