package proto

import (
	"net/url"
	"strings"

	"tandem"
)

// AttachmentPath is where what is attached to events and tasks is read: AttachmentPath/OWNER/MANAGED-ID/NAME. RFC 8607
const AttachmentPath = Path + "attachments/"

// RoleProp is the property of a collection that says what it is for; Attachments is its value for the tree with a user's attachments.
const (
	RoleProp    = "role"
	Attachments = "attachments"
)

// IsAttachments reports whether a collection is the tree with its owner's attachments.
func IsAttachments(c tandem.Collection) bool {
	return c.Kind == tandem.File && c.Props[RoleProp] == Attachments
}

// AttachmentID is the record of an attachment in that tree.
func AttachmentID(managed, name string) tandem.ID {
	return tandem.ID(managed + "-" + strings.ReplaceAll(name, "/", "_"))
}

// ParseAttachment reads the escaped path of an attachment.
func ParseAttachment(path string) (owner string, id tandem.ID, ok bool) {
	rest, ok := strings.CutPrefix(path, AttachmentPath)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return "", "", false
	}
	for i := range parts {
		var err error
		if parts[i], err = url.PathUnescape(parts[i]); err != nil || parts[i] == "" {
			return "", "", false
		}
	}
	return parts[0], AttachmentID(parts[1], parts[2]), true
}
