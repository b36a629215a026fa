package proto

import (
	"context"
	"iter"
	"net/http"
	"strings"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
	"tandem/wire/davxml"
)

// Infinity is the depth of a request about everything below a resource. RFC 4918 10.2
const Infinity = -1

// Request is one request to the door, after the user was let in.
type Request struct {
	*http.Request
	User   store.User
	Target *Resource
	Depth  int // 0, 1 or Infinity: the header, or the default of the method
	// Body is the XML of the request, nil for none. Methods whose bodies are no XML read Request.Body themselves (PUT, POST).
	XML    *davxml.Element
	Prefer Prefer
	Base   string // scheme and host under which the client knows the hub, without a slash at the end: "https://sync.example.org"
	Author store.Author

	// Standing are the sequence numbers of collections on which the conditions of the request rest, as Guard found: what is written to one of them is written under
	// it. RFC 6578 5
	Standing map[int64]int64
}

// Under puts writes to a collection under the conditions of the request.
func (r *Request) Under(collection int64, writes []store.HomeWrite) []store.HomeWrite {
	if seq, ok := r.Standing[collection]; ok {
		for i := range writes {
			writes[i].Still = &seq
		}
	}
	return writes
}

// Prefer is what a client would like. RFC 7240, RFC 8144
type Prefer struct {
	Minimal        bool // return=minimal: leave out what was not found
	Representation bool // return=representation: answer a write with what is stored now
	NoRoot         bool // depth-noroot
}

// ParsePrefer reads the headers Prefer and Brief.
func ParsePrefer(h http.Header) (p Prefer) {
	for _, line := range h.Values("Prefer") {
		for one := range strings.SplitSeq(line, ",") {
			switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(one), `"`, "")) {
			case "return=minimal", "return-minimal":
				p.Minimal = true
			case "return=representation", "return-representation":
				p.Representation = true
			case "depth-noroot":
				p.NoRoot = true
			}
		}
	}
	if strings.EqualFold(h.Get("Brief"), "t") {
		p.Minimal = true
	}
	return p
}

// Method answers requests. An error is answered by the door, if nothing was written yet: a *davxml.Condition as it says, a *tandem.Error by its kind. See Status.
type Method func(ctx context.Context, w http.ResponseWriter, r *Request) error

// Tree resolves paths. tree.Service implements it.
type Tree interface {
	// Resolve tells what is at an escaped path below Path, as the user sees it. NotFound where nothing can be: what a user cannot reach is not told from what is not there.
	Resolve(ctx context.Context, user store.User, path string) (*Resource, error)
	// Collections lists the collections of a branch as a user sees them.
	Collections(ctx context.Context, user string, b Branch) ([]*Resource, error)
	// Member is the resource of a record of a collection.
	Member(c *Resource, rec store.HomeRecord) *Resource
	// Children yields what is directly in a resource, in no certain order. In a tree of files and deep, it is what is at any depth.
	Children(ctx context.Context, user store.User, r *Resource, deep bool) iter.Seq2[*Resource, error]
}

// Change is what a request is about to do to a resource.
type Change struct {
	*Resource
	Deep  bool // to all that is below, too
	Binds bool // a name is added to or taken from the collection that the resource is in
	Reads bool // it is only read (the source of a COPY); conditions hold, locks do not matter
}

// Guard holds a request to the headers If, If-Match and If-None-Match and to locks, for every resource that it is about to change. 412 or 423. RFC 4918 10.4,
// RFC 9110 13.1; locks.Service implements it. A write must still be made under the version that was looked at: between the two others may write.
type Guard interface {
	Permit(ctx context.Context, r *Request, changes ...Change) error
}

// Needs reports that a right is missing: 403 DAV:need-privileges. RFC 3744 7.1.1
func Needs(r *Resource, right access.Right, privilege string) error {
	if r.Reach.Right >= right {
		return nil
	}
	return davxml.Fail(http.StatusForbidden, davxml.D("need-privileges"), davxml.New(davxml.D("resource"), davxml.Href(r.Href()),
		davxml.New(davxml.D("privilege"), davxml.New(davxml.D(privilege)))))
}

// ETag is the entity tag of a record: strong, and another one when the store was put back to an earlier state.
func ETag(c tandem.Collection, rec *store.HomeRecord) string {
	epoch := c.Identity.Epoch
	return `"` + string(rec.Version) + "-" + epoch[:min(len(epoch), 8)] + `"`
}

// ETag is the entity tag of what is there, "" for what has none.
func (r *Resource) ETag() string {
	if r.Sort != Member || r.Record == nil || r.Dir() {
		return ""
	}
	return ETag(r.Reach.Collection, r.Record)
}
