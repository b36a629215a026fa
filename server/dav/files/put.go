package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

const (
	// inMemory is the size in bytes up to which a body is held in memory: it then goes into the store in one transaction with its record.
	inMemory = 64 << 10
	// reserve is how many bytes are left free on the disk when a body says beforehand how large it is.
	reserve = 16 << 20
)

// Put is the method PUT for files. RFC 4918 9.7
func (s *Service) Put(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	mtime, err := mtimeOf(r.Header)
	if err != nil {
		return err
	}
	if r.Header.Get("Content-Range") != "" {
		return davxml.Failf(http.StatusBadRequest, "a part of a file cannot be put, only the whole")
	}
	if err := s.mayPut(ctx, r); err != nil { // before anything is read
		return err
	}
	if err := s.Room(r.ContentLength); err != nil {
		return err
	}
	check, err := newChecks(r.Header)
	if err != nil {
		return err
	}
	in := &incoming{r: r.Request.Body}
	write, err := s.stage(ctx, check.reader(in))
	switch {
	case in.err != nil:
		return davxml.Failf(http.StatusBadRequest, "the request is cut short")
	case err != nil:
		return err
	}
	if err := check.verify(); err != nil {
		return err
	}
	if mtime == 0 {
		mtime = s.Now().UnixNano()
	} else {
		w.Header().Set("X-OC-MTime", "accepted")
	}
	created := false
	err = Retry(ctx, s.Tree, r, func() error {
		if err := s.mayPut(ctx, r); err != nil { // others may have written or locked meanwhile
			return err
		}
		created = !r.Target.There()
		return s.replace(ctx, w, r, write, mtime)
	})
	if err != nil {
		w.Header().Del("X-OC-MTime")
		return err
	}
	if created {
		w.WriteHeader(http.StatusCreated)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// mayPut holds a PUT to all that can be known before its body is read.
func (s *Service) mayPut(ctx context.Context, r *proto.Request) error {
	res := r.Target
	switch {
	case res.Sort != proto.Member || !res.Tree():
		return davxml.Failf(http.StatusMethodNotAllowed, "there is no file at %s", res.Href())
	case res.Dir(), res.Slash:
		return davxml.Failf(http.StatusMethodNotAllowed, "%s is a directory", res.Href())
	}
	if err := s.mayMake(ctx, r); err != nil {
		return err
	}
	return s.Guard.Permit(ctx, r, proto.Change{Resource: res, Binds: !res.There()})
}

// Room refuses a body for which the disk has no room. RFC 4331 6
func (s *Service) Room(size int64) error {
	if s.Free == nil || size <= 0 {
		return nil
	}
	free, err := s.Free()
	if err != nil {
		return err
	}
	if size > free-reserve {
		return davxml.Fail(http.StatusInsufficientStorage, davxml.D("sufficient-disk-space"))
	}
	return nil
}

// incoming remembers that it was the client's connection that failed.
type incoming struct {
	r   io.Reader
	err error
}

func (i *incoming) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if err != nil && err != io.EOF {
		i.err = err
	}
	return n, err
}

// stage takes a body in: small ones into memory, others into the store's blobs. The digest is computed beside.
func (s *Service) stage(ctx context.Context, in io.Reader) (w store.HomeWrite, err error) {
	head, err := io.ReadAll(io.LimitReader(in, inMemory+1))
	if err != nil {
		return w, err
	}
	if len(head) <= inMemory {
		w.Record.Body = tandem.Bytes(head)
		w.Digest, err = s.Digest.DigestReader(bytes.NewReader(head))
		return w, err
	}
	hashed, hashing := io.Pipe()
	type result struct {
		digest tandem.Digest
		err    error
	}
	done := make(chan result, 1)
	go func() {
		digest, err := s.Digest.DigestReader(hashed)
		hashed.CloseWithError(err) // who writes on hears of it
		done <- result{digest, err}
	}()
	sum, _, err := s.Blobs.Put(ctx, io.TeeReader(io.MultiReader(bytes.NewReader(head), in), hashing))
	hashing.CloseWithError(err)
	res := <-done
	if err = errors.Join(err, res.err); err != nil {
		return w, err
	}
	w.Digest = res.digest
	w.Record.Body, err = s.Blobs.Open(ctx, sum)
	return w, err
}

// replace puts what was staged in the place of the target.
func (s *Service) replace(ctx context.Context, w http.ResponseWriter, r *proto.Request, write store.HomeWrite, mtime int64) error {
	res := r.Target
	write.Op, write.ID, write.Title = tandem.Create, res.ID, string(res.ID)
	var old tandem.Attrs
	if res.Record != nil {
		write.Op, write.If, old = tandem.Update, res.Record.Version, res.Record.Attrs
	}
	write.Record.Attrs, write.Record.Modified = attrs(old, mtime), mtime
	out, err := Write(ctx, s.Home, r, res.Reach.ID, []store.HomeWrite{write})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", proto.ETag(res.Reach.Collection, &store.HomeRecord{Record: tandem.Record{ID: res.ID, Meta: out[0].Meta}}))
	return nil
}

// attrs are the attributes of a new version of a file: permissions stay. What was a link is a file now.
func attrs(old tandem.Attrs, mtime int64) tandem.Attrs {
	m := old.Map()
	if m["type"] != "" {
		m = map[string]string{}
	}
	m["mtime"] = strconv.FormatInt(mtime, 10)
	return tandem.MakeAttrs(m)
}

// maxSeconds is about when times in nanoseconds end, in 2262.
const maxSeconds = math.MaxInt64 / 1_000_000_000

// mtimeOf reads when a client says that the file was changed, in nanoseconds; 0 if it does not say. The header is ownCloud's: seconds, perhaps with decimals.
func mtimeOf(h http.Header) (int64, error) {
	text := strings.TrimSpace(h.Get("X-OC-Mtime"))
	if text == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if len(fraction) > 9 {
		fraction = fraction[:9]
	}
	ns, err2 := strconv.ParseUint("0"+fraction+"000000000"[len(fraction):], 10, 64)
	if err != nil || err2 != nil || seconds <= -maxSeconds || seconds >= maxSeconds {
		return 0, davxml.Failf(http.StatusBadRequest, "X-OC-Mtime: %q is no number of seconds", text)
	}
	if strings.HasPrefix(whole, "-") {
		return seconds*1e9 - int64(ns), nil
	}
	return max(seconds*1e9+int64(ns), 1), nil // 1970 itself is a time, too, though none that anybody means
}
