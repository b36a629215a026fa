package people

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/server/eas/kql"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// mailMost is how many messages one search finds at most, of those that it looks through.
const mailMost = 1000

// lookMost is how many messages one search looks through.
const lookMost = 5000

// mailFolders are the mail folders that a search is about: those asked for, or all that the user can reach. everywhere is true for the ids that mean all of them: those
// of phones that search what they call all mailboxes.
func (s *Service) mailFolders(ctx context.Context, r *proto.Request, ids []string, everywhere bool) ([]int64, error) {
	if s.Folders == nil || s.Views[tandem.Mail] == nil {
		return nil, nil
	}
	shown, err := s.Folders.Shown(ctx, r.User.Name, r.Version)
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, c := range shown {
		if c.Kind == tandem.Mail && (everywhere || len(ids) == 0 || slices.Contains(ids, strconv.FormatInt(c.ID, 10))) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// letter is a message that was found.
type letter struct {
	store.HomeRecord
	collection int64
	envelope   *mail.Envelope
	far        string // what names it where it is, if that is not here
	cut        bool   // only the beginning of it is known
}

// seek finds messages by the clauses of a query, each once, the latest first.
func (s *Service) seek(ctx context.Context, r *proto.Request, folders []int64, q kql.Query, from, to int64) ([]letter, error) {
	seen := map[int64]letter{}
	for _, c := range q {
		if err := s.clause(ctx, r, folders, c, from, to, seen); err != nil {
			return nil, err
		}
	}
	out := make([]letter, 0, len(seen))
	for _, l := range seen {
		out = append(out, l)
	}
	sortLetters(out)
	return out[:min(len(out), mailMost)], nil
}

// sortLetters puts the latest first.
func sortLetters(list []letter) {
	slices.SortFunc(list, func(a, b letter) int {
		return cmp.Or(cmp.Compare(b.Index.End, a.Index.End), cmp.Compare(b.Number, a.Number))
	})
}

// clause adds to seen what a clause finds.
func (s *Service) clause(ctx context.Context, r *proto.Request, folders []int64, c kql.Clause, from, to int64, seen map[int64]letter) error {
	not, err := s.excluded(ctx, folders, c.Not, from, to)
	if err != nil {
		return err
	}
	now := s.clock(r)
	words := c.Words
	for _, p := range c.Props { // what is in the header is in the text that is searched, too
		if w := p.Value; !p.Not && p.Op != "<>" && slices.Contains([]string{"from", "to", "cc", "subject"}, p.Name) {
			words += " " + strings.ReplaceAll(w, `"`, " ")
		}
	}
	most := mailMost
	if len(c.Props) > 0 || len(not) > 0 {
		most = lookMost
	}
	found := s.Texts.Search(ctx, folders, words, from, to, 0, most)
	if strings.TrimSpace(words) == "" {
		found = s.Texts.Latest(ctx, folders, from, to, 0, most)
	}
	list, err := s.place(ctx, folders, found)
	if err != nil {
		return err
	}
	n := 0
	for _, l := range list {
		if _, twice := seen[l.Number]; twice || not[l.Number] || !c.Match(l.message(), now) {
			continue
		}
		seen[l.Number] = l
		if n++; n == mailMost {
			break
		}
	}
	return nil
}

// place finds out in which folder each message is, and what is known of it: what was noted when it was stored, or what it says.
func (s *Service) place(ctx context.Context, folders []int64, found iter.Seq2[store.HomeRecord, error]) ([]letter, error) {
	var list []letter
	var numbers []int64
	for rec, err := range found {
		if err != nil {
			return nil, err
		}
		list, numbers = append(list, letter{HomeRecord: rec}), append(numbers, rec.Number)
	}
	at := map[int64]int{}
	for i, l := range list {
		at[l.Number] = i
	}
	for _, folder := range folders {
		sketches, err := s.Texts.Sketches(ctx, folder, numbers...)
		if err != nil {
			return nil, err
		}
		for n, sketch := range sketches {
			if e, ok := mail.ParseEnvelope(sketch); ok {
				list[at[n]].envelope, list[at[n]].collection = e, folder
			}
		}
	}
	for _, folder := range folders { // of an older program
		var missing []int64
		for _, l := range list {
			if l.envelope == nil {
				missing = append(missing, l.Number)
			}
		}
		if len(missing) == 0 {
			break
		}
		for rec, err := range s.Lookup.ByNumber(ctx, folder, missing) {
			if err != nil {
				return nil, err
			}
			if rec.Deleted {
				continue
			}
			e, _, _, err := mail.Read(rec.Body)
			if err != nil {
				return nil, err
			}
			list[at[rec.Number]].envelope, list[at[rec.Number]].collection = e, folder
		}
	}
	return slices.DeleteFunc(list, func(l letter) bool { return l.envelope == nil }), nil // in another folder, or gone meanwhile
}

// excluded are the messages in which one of these words is.
func (s *Service) excluded(ctx context.Context, folders []int64, words []string, from, to int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for _, w := range words {
		for rec, err := range s.Texts.Search(ctx, folders, w, from, to, 0, lookMost) {
			if err != nil {
				return nil, err
			}
			out[rec.Number] = true
		}
	}
	return out, nil
}

// conversation finds the messages of a conversation, the latest first.
func (s *Service) conversation(ctx context.Context, r *proto.Request, folders []int64, id []byte, text string, from, to int64) ([]letter, error) {
	list, err := s.place(ctx, folders, s.Lookup.Match(ctx, r.User.Name, tandem.Mail, mail.ConversationKey(id), mailMost))
	if err != nil {
		return nil, err
	}
	var out []letter
	for _, l := range list {
		if l.Index.End < from || to != 0 && l.Index.End >= to {
			continue
		}
		if text != "" {
			_, all, _, err := mail.Read(l.Body)
			if err != nil {
				return nil, err
			}
			if !kql.Has(all, text) {
				continue
			}
		}
		out = append(out, l)
	}
	sortLetters(out)
	return out, nil
}

// message is a letter as restrictions look at it.
func (l letter) message() kql.Message {
	e, f := l.envelope, mail.FlagsOf(l.Attrs)
	m := kql.Message{From: people(e.From, e.Sender), To: people(e.To), Cc: people(e.Cc), Bcc: people(e.Bcc), Subject: e.Subject, Received: l.Index.End, Sent: e.Date, Read: f.Seen,
		Flagged: f.Flagged, Importance: e.Urgency, Categories: f.Keywords}
	for _, file := range e.Files {
		if !file.Inline {
			m.Files = append(m.Files, file.Name)
		}
	}
	return m
}

// people are names and addresses in one text.
func people(lists ...[]mime.Address) string {
	var b strings.Builder
	for _, list := range lists {
		for _, a := range list {
			b.WriteString(a.Name + " " + a.Email + " ")
		}
	}
	return b.String()
}

// names are people as lists show them.
func names(list []mime.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, cmp.Or(a.Name, a.Email))
	}
	return eas.Clean(strings.Join(out, ";"))
}

// findMail answers a Find in the mailbox. MS-ASCMD 2.2.1.2
func (s *Service) findMail(ctx context.Context, r *proto.Request, in *wbxml.Element) (status string, more []*wbxml.Element, err error) {
	store := wbxml.Text(wbxml.ItemOperationsStore, "Mailbox")
	query, options := in.Child(wbxml.FindQuery), in.Child(wbxml.FindOptions)
	w, ok := readWindow(options.Get(wbxml.FindRange))
	text := strings.TrimSpace(query.Get(wbxml.FindFreeText))
	var ids, classes []string
	for _, e := range query.Children {
		switch e.Tag {
		case wbxml.AirSyncCollectionId:
			ids = append(ids, e.String())
		case wbxml.AirSyncClass:
			classes = append(classes, e.String())
		}
	}
	parsed := kql.Parse(text)
	if !ok || query == nil || text == "" || len(text) > maxQuery || len(parsed) == 0 {
		return findInvalid, nil, nil
	}
	if w.from != 0 {
		return findOK, []*wbxml.Element{wbxml.New(wbxml.FindResponse, store, wbxml.Text(wbxml.FindStatus, findStartZero))}, nil
	}
	out := wbxml.New(wbxml.FindResponse, store, wbxml.Text(wbxml.FindStatus, findOK))
	if len(classes) > 0 && !slices.ContainsFunc(classes, func(c string) bool { return strings.EqualFold(c, "Email") }) {
		return findOK, []*wbxml.Element{out}, nil
	}
	everywhere := slices.ContainsFunc(ids, allMailboxes)
	if options.Has(wbxml.FindDeepTraversal) { // MS-ASCMD_R6399100714
		if ids, err = s.within(ctx, r, ids); err != nil {
			return "", nil, err
		}
	}
	folders, err := s.mailFolders(ctx, r, ids, everywhere)
	if err != nil {
		return "", nil, err
	}
	list, err := s.seekAll(ctx, r, folders, parsed, 0, 0)
	if err != nil {
		return "", nil, err
	}
	if len(list) == 0 {
		return findOK, []*wbxml.Element{out}, nil
	}
	part := list[:min(w.to+1, len(list))]
	for _, l := range part {
		out.Add(l.found())
	}
	return findOK, []*wbxml.Element{out.Add(wbxml.Text(wbxml.FindRange, "0-"+strconv.Itoa(len(part)-1)), wbxml.Text(wbxml.FindTotal, strconv.Itoa(len(list))))}, nil
}

// allMailboxes reports whether a folder's id means all of them: the root, and what iOS calls them (field note 28).
func allMailboxes(id string) bool {
	_, err := strconv.ParseInt(id, 10, 64)
	return id == "0" || err != nil
}

// found is a message as a result of Find. MS-ASCMD 2.2.3.139.1
func (l letter) found() *wbxml.Element {
	e, f := l.envelope, mail.FlagsOf(l.Attrs)
	folder := strconv.FormatInt(l.collection, 10)
	props := wbxml.New(wbxml.FindProperties, wbxml.Text(wbxml.EmailSubject, eas.Clean(e.Subject)), wbxml.Text(wbxml.EmailDateReceived, eas.FormatTime(time.Unix(l.Index.End, 0))),
		wbxml.Text(wbxml.EmailDisplayTo, names(e.To)))
	if len(e.Cc) > 0 {
		props.Add(wbxml.Text(wbxml.FindDisplayCc, names(e.Cc)))
	}
	if len(e.Bcc) > 0 {
		props.Add(wbxml.Text(wbxml.FindDisplayBcc, names(e.Bcc)))
	}
	files := slices.ContainsFunc(e.Files, func(f mail.File) bool { return !f.Inline })
	props.Add(wbxml.Text(wbxml.EmailImportance, strconv.Itoa(e.Urgency+1)), truth(wbxml.EmailRead, f.Seen), truth(wbxml.Email2IsDraft, f.Draft),
		wbxml.Text(wbxml.FindPreview, eas.Clean(e.Preview)), truth(wbxml.FindHasAttachments, files), wbxml.Text(wbxml.EmailFrom, mail.AddressList(e.From)))
	return wbxml.New(wbxml.FindResult, wbxml.Text(wbxml.AirSyncClass, "Email"), wbxml.Text(wbxml.AirSyncServerId, l.id()),
		wbxml.Text(wbxml.AirSyncCollectionId, folder), props)
}

func truth(tag wbxml.Tag, on bool) *wbxml.Element {
	if on {
		return wbxml.Text(tag, "1")
	}
	return wbxml.Text(tag, "0")
}
