package folders

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"tandem"
	"tandem/partner/access"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// The statuses of the folder commands, MS-ASCMD 2.2.3.177.3 to 2.2.3.177.6.
const (
	statusOK       = "1"
	statusExists   = "2"
	statusSpecial  = "3"
	statusNotFound = "4"
	statusParent   = "5"
	statusServer   = "6"
	statusKey      = "9"
	statusSyntax   = "10"
)

// FolderSync implements proto.Command. MS-ASCMD 2.2.1.5
func (s *Service) FolderSync(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	status := func(v string) (*proto.Response, error) {
		return proto.Answer(wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchyStatus, v))), nil
	}
	if r.Body == nil || r.Body.Tag != wbxml.FolderHierarchyFolderSync || !r.Body.Has(wbxml.FolderHierarchySyncKey) {
		return status(statusSyntax)
	}
	asked := r.Body.Get(wbxml.FolderHierarchySyncKey)
	st, err := s.load(ctx, r.Device.Number)
	if err != nil {
		return nil, err
	}
	now, err := s.hierarchy(ctx, r)
	if err != nil {
		return nil, err
	}
	from, known := -1, []Folder(nil)
	if asked != "0" {
		if from = st.find(asked); from < 0 {
			return status(statusKey)
		}
		known = st.Generations[from].Folders
	}
	key, changes := asked, changes(known, now)
	if from != 0 || changes != nil {
		if key, err = s.push(ctx, r, st, from, now); isBusy(err) {
			return status(statusServer)
		} else if err != nil {
			return nil, err
		}
	}
	if changes == nil {
		changes = wbxml.New(wbxml.FolderHierarchyChanges, wbxml.Text(wbxml.FolderHierarchyCount, "0"))
	}
	return proto.Answer(wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchyStatus, statusOK),
		wbxml.Text(wbxml.FolderHierarchySyncKey, key), changes)), nil
}

// changes is what leads from one list to another, nil if they are equal. The schema wants updates, then deletions, then additions.
func changes(from, to []Folder) *wbxml.Element {
	was := map[string]Folder{}
	for _, f := range from {
		was[f.ID] = f
	}
	is := map[string]Folder{}
	for _, f := range to {
		is[f.ID] = f
	}
	to = slices.Clone(to)
	slices.SortStableFunc(to, func(a, b Folder) int { return cmp.Compare(depth(is, a), depth(is, b)) }) // a folder before those within it
	var updates, deletes, adds []*wbxml.Element
	for _, f := range to {
		switch old, ok := was[f.ID]; {
		case !ok:
			adds = append(adds, f.element(wbxml.FolderHierarchyAdd))
		case old != f:
			updates = append(updates, f.element(wbxml.FolderHierarchyUpdate))
		}
		delete(was, f.ID)
	}
	for _, f := range from {
		if _, gone := was[f.ID]; gone {
			deletes = append(deletes, wbxml.New(wbxml.FolderHierarchyDelete, wbxml.Text(wbxml.FolderHierarchyServerId, f.ID)))
		}
	}
	n := len(updates) + len(deletes) + len(adds)
	if n == 0 {
		return nil
	}
	return wbxml.New(wbxml.FolderHierarchyChanges, wbxml.Text(wbxml.FolderHierarchyCount, strconv.Itoa(n))).Add(updates...).Add(deletes...).Add(adds...)
}

func (f Folder) element(tag wbxml.Tag) *wbxml.Element {
	return wbxml.New(tag, wbxml.Text(wbxml.FolderHierarchyServerId, f.ID), wbxml.Text(wbxml.FolderHierarchyParentId, cmp.Or(f.Parent, Root)),
		wbxml.Text(wbxml.FolderHierarchyDisplayName, f.Name), wbxml.Text(wbxml.FolderHierarchyType, strconv.Itoa(f.Type)))
}

// edit is a command of a device that changes one folder.
type edit struct {
	*Service
	r    *proto.Request
	tag  wbxml.Tag
	st   state
	from int      // the generation the device is at
	has  []Folder // what the device has
}

func (e *edit) status(v string) *proto.Response {
	return proto.Answer(wbxml.New(e.tag, wbxml.Text(wbxml.FolderHierarchyStatus, v)))
}

// begin reads what all three commands have in common. A response means that nothing is to be done.
func (s *Service) begin(ctx context.Context, r *proto.Request, tag wbxml.Tag) (*edit, *proto.Response, error) {
	e := &edit{Service: s, r: r, tag: tag}
	if r.Body == nil || r.Body.Tag != tag || !r.Body.Has(wbxml.FolderHierarchySyncKey) {
		return e, e.status(statusSyntax), nil
	}
	var err error
	if e.st, err = s.load(ctx, r.Device.Number); err != nil {
		return e, nil, err
	}
	if e.from = e.st.find(r.Body.Get(wbxml.FolderHierarchySyncKey)); e.from < 0 {
		return e, e.status(statusKey), nil
	}
	e.has = e.st.Generations[e.from].Folders
	return e, nil, nil
}

// done tells the device that the folders it has now are these.
func (e *edit) done(ctx context.Context, folders []Folder, more ...*wbxml.Element) (*proto.Response, error) {
	key, err := e.push(ctx, e.r, e.st, e.from, folders)
	if isBusy(err) {
		return e.status(statusServer), nil
	}
	if err != nil {
		return nil, err
	}
	return proto.Answer(wbxml.New(e.tag, wbxml.Text(wbxml.FolderHierarchyStatus, statusOK), wbxml.Text(wbxml.FolderHierarchySyncKey, key)).Add(more...)), nil
}

// repeated reports whether the device asks once more for what it was given a key for already, the answer having been lost: the folders given then.
func (e *edit) repeated(same func(given []Folder) bool) ([]Folder, bool) {
	if e.from != 1 {
		return nil, false
	}
	given := e.st.Generations[0].Folders
	return given, same(given)
}

func (e *edit) name() (string, bool) {
	name := e.r.Body.Get(wbxml.FolderHierarchyDisplayName)
	n := utf8.RuneCountInString(name)
	return name, n >= 1 && n <= 256 // MS-ASCMD_R2194
}

// FolderCreate implements proto.Command. MS-ASCMD 2.2.1.3
func (s *Service) FolderCreate(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	e, resp, err := s.begin(ctx, r, wbxml.FolderHierarchyFolderCreate)
	if resp != nil || err != nil {
		return resp, err
	}
	name, ok := e.name()
	typ, err := strconv.Atoi(r.Body.Get(wbxml.FolderHierarchyType))
	k := kindOf(typ)
	if !ok || err != nil || k == "" || s.Views[k] == nil {
		return e.status(statusSyntax), nil
	}
	tree, err := e.tree(ctx)
	if err != nil {
		return nil, err
	}
	parent, prefix, status := e.parent(tree, k)
	if status != "" {
		return e.status(status), nil
	}
	var made Folder
	given, again := e.repeated(func(given []Folder) bool {
		if len(given) == 0 { // what else is in there, the device was not told of
			return false
		}
		made = given[len(given)-1]
		return made.Name == name && made.Parent == parent && made.Type == typ && slices.Equal(given[:len(given)-1], e.has)
	})
	if again {
		return e.done(ctx, given, wbxml.Text(wbxml.FolderHierarchyServerId, made.ID))
	}
	now, err := s.hierarchy(ctx, r)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(now, func(f Folder) bool { return f.Name == name && f.Parent == parent }) {
		return e.status(statusExists), nil
	}
	full := name
	if k == tandem.Mail {
		full = prefix + level(name)
	}
	c, err := s.Home.PutCollection(ctx, tandem.Collection{User: r.User.Name, Kind: k, Name: full})
	if tandem.IsKind(err, tandem.Exists) {
		return e.status(statusExists), nil
	}
	if err != nil {
		return nil, err
	}
	made = Folder{ID: ID(c.ID), Parent: parent, Name: name, Type: typ}
	return e.done(ctx, append(slices.Clone(e.has), made), wbxml.Text(wbxml.FolderHierarchyServerId, made.ID))
}

// tree knows the mail folders as they are now.
func (e *edit) tree(ctx context.Context) (*tree, error) {
	shown, err := e.Shown(ctx, e.r.User.Name, e.r.Version)
	return treeOf(shown), err
}

// target finds the folder that is to be changed. A status tells why it cannot be.
func (e *edit) target(ctx context.Context, special string) (access.Reach, string, error) {
	id := e.r.Body.Get(wbxml.FolderHierarchyServerId)
	if id == "" {
		return access.Reach{}, statusSyntax, nil
	}
	c, err := e.Find(ctx, e.r, id)
	if tandem.IsKind(err, tandem.NotFound) {
		return c, statusNotFound, nil
	}
	if err != nil {
		return c, "", err
	}
	now, err := e.hierarchy(ctx, e.r)
	if err != nil {
		return c, "", err
	}
	for _, f := range now {
		if f.ID == id && f.special(c.Kind) {
			return c, special, nil
		}
	}
	return c, "", nil
}

// FolderDelete implements proto.Command. What was in the folder, and in those within it, goes to history; one that somebody else shares is only hidden. The device is
// told what went with it when it asks for the hierarchy. MS-ASCMD 2.2.1.4
func (s *Service) FolderDelete(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	e, resp, err := s.begin(ctx, r, wbxml.FolderHierarchyFolderDelete)
	if resp != nil || err != nil {
		return resp, err
	}
	id := r.Body.Get(wbxml.FolderHierarchyServerId)
	is := func(f Folder) bool { return f.ID == id }
	given, again := e.repeated(func(given []Folder) bool {
		return slices.ContainsFunc(e.has, is) && slices.Equal(given, slices.DeleteFunc(slices.Clone(e.has), is))
	})
	if again {
		return e.done(ctx, given)
	}
	c, status, err := e.target(ctx, statusSpecial)
	if err != nil || status != "" {
		return e.status(status), err
	}
	if c.Owned {
		err = e.remove(ctx, c)
	} else {
		err = s.Access.Hide(ctx, r.User.Name, c.ID, true)
	}
	switch {
	case tandem.IsKind(err, tandem.Busy): // a sync item hangs on it
		return e.status(statusSpecial), nil
	case tandem.IsKind(err, tandem.NotFound):
		return e.status(statusNotFound), nil
	case err != nil:
		return nil, err
	}
	return e.done(ctx, slices.DeleteFunc(slices.Clone(e.has), is))
}

// remove removes a folder of the user's own, after those within it.
func (e *edit) remove(ctx context.Context, c access.Reach) error {
	if nested(c) {
		tree, err := e.tree(ctx)
		if err != nil {
			return err
		}
		for _, kid := range tree.below(ID(c.ID)) {
			if err := e.Home.RemoveCollection(ctx, kid.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
				return err
			}
		}
	}
	return e.Home.RemoveCollection(ctx, c.ID)
}

// FolderUpdate implements proto.Command: it renames, and moves folders of mail. MS-ASCMD 2.2.1.6
func (s *Service) FolderUpdate(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	e, resp, err := s.begin(ctx, r, wbxml.FolderHierarchyFolderUpdate)
	if resp != nil || err != nil {
		return resp, err
	}
	name, ok := e.name()
	if !ok || r.Body.Has(wbxml.FolderHierarchyStatus) { // MS-ASCMD_R3102
		return e.status(statusSyntax), nil
	}
	tree, err := e.tree(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, status := e.parent(tree, tandem.Mail); status == statusParent || status == statusSpecial { // MS-ASCMD_R142
		return e.status(status), nil
	}
	special := statusExists
	if r.Body.Get(wbxml.FolderHierarchyServerId) == Recipients { // MS-ASCMD_R143
		special = statusSpecial
	}
	c, status, err := e.target(ctx, special) // MS-ASCMD 2.2.3.177.6: 2 also means a special folder
	if err != nil || status != "" {
		return e.status(status), err
	}
	parent, prefix, status := e.place(tree, c)
	if status != "" {
		return e.status(status), nil
	}
	now, err := s.hierarchy(ctx, r)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(now, func(f Folder) bool { return f.Name == name && f.Parent == parent && f.ID != ID(c.ID) }) {
		return e.status(statusExists), nil
	}
	if status, err = e.rename(ctx, tree, c, name, prefix); err != nil || status != "" {
		return e.status(status), err
	}
	has := slices.Clone(e.has)
	for i := range has {
		if has[i].ID == ID(c.ID) {
			has[i].Name, has[i].Parent = name, parent
		}
	}
	return e.done(ctx, has)
}

// place is parent for a folder that is there: what has no place in the tree stays in the root, and nothing goes into itself.
func (e *edit) place(t *tree, c access.Reach) (id, prefix, status string) {
	k := c.Kind
	if !nested(c) {
		k = ""
	}
	id, prefix, status = e.parent(t, k)
	within := slices.ContainsFunc(t.below(ID(c.ID)), func(kid access.Reach) bool { return ID(kid.ID) == id })
	if status == "" && (within || id == ID(c.ID)) {
		return "", "", statusParent
	}
	return id, prefix, status
}

// rename gives a folder a name, and one of mail its place. A status tells why it cannot be.
func (e *edit) rename(ctx context.Context, t *tree, c access.Reach, name, prefix string) (status string, err error) {
	if nested(c) {
		return e.move(ctx, t, c, prefix+level(name))
	}
	if Name(c.Collection) == name {
		return "", nil
	}
	_, err = e.Access.Change(ctx, e.r.User.Name, c.ID, map[string]string{"name": name})
	if tandem.IsKind(err, tandem.Exists) {
		return statusExists, nil
	}
	return "", err
}
