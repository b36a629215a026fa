package folders

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// generic is the type of a folder that a user made, in the answer to GetHierarchy. MS-ASCMD 2.2.3.186.4
const generic = 1

// GetHierarchy implements proto.Command: the mail folders as they are now, whatever the device was told by FolderSync, whose state it leaves alone. It has no document, and
// of versions only 12.1 has it. MS-ASCMD 2.2.1.7
func (s *Service) GetHierarchy(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	all, err := s.hierarchy(ctx, r)
	if err != nil {
		return nil, err
	}
	out := wbxml.Empty(wbxml.FolderHierarchyFolders)
	for _, f := range all {
		t := f.Type
		switch {
		case t == types[tandem.Mail].other:
			t = generic
		case t < mailTypes[mailbox.Inbox] || t > mailTypes[mailbox.Outbox]:
			continue // MS-ASCMD_R6026
		}
		out.Add(wbxml.New(wbxml.FolderHierarchyFolder, wbxml.Text(wbxml.FolderHierarchyDisplayName, f.Name), wbxml.Text(wbxml.FolderHierarchyServerId, f.ID),
			wbxml.Text(wbxml.FolderHierarchyType, strconv.Itoa(t)), wbxml.Text(wbxml.FolderHierarchyParentId, cmp.Or(f.Parent, Root))))
	}
	if len(out.Children) == 0 { // there must be one, and where there is no mail there is nothing to list. MS-ASCMD_R6033
		return &proto.Response{HTTP: http.StatusInternalServerError}, nil
	}
	return proto.Answer(out), nil
}
