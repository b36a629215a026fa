package maildir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
)

// keywords are the names behind the letters a to z in the flags of a folder's messages, by their number. doc.dovecot.org, Maildir, "IMAP Keywords"
type keywords [26]string

const (
	keywordFile = "dovecot-keywords"
	// lockFile is what Dovecot holds while it changes the list of keywords, and that of UIDs.
	lockFile    = "dovecot-uidlist.lock"
	lockStale   = 2 * time.Minute // a lock that nobody touched for so long is of a program that died
	lockWait    = 2 * time.Second // how long a lock is waited for
	maxKeywords = 64 << 10        // bytes of the file
)

// of is the keyword of a letter, "" where it has none.
func (k keywords) of(letter byte) string {
	if letter < 'a' || letter > 'z' {
		return ""
	}
	return k[letter-'a']
}

// letter is that of a keyword, 0 where it has none. Keywords are compared without regard to case, RFC 3501 2.3.2.
func (k keywords) letter(word string) byte {
	for i, w := range k {
		if w != "" && strings.EqualFold(w, word) {
			return byte('a' + i)
		}
	}
	return 0
}

// parseKeywords reads lines of a number and a name. What is not understood is skipped.
func parseKeywords(data []byte) (k keywords) {
	for line := range strings.Lines(string(data)) {
		number, word, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		i, err := strconv.Atoi(number)
		if ok && err == nil && i >= 0 && i < len(k) && word != "" && k[i] == "" && k.letter(word) == 0 {
			k[i] = word
		}
	}
	return k
}

// canStore tells whether a keyword can be a line of the file and an atom of IMAP.
func canStore(word string) bool {
	return word != "" && len(word) <= 200 && !strings.ContainsFunc(word, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`(){%*"\]`, c) })
}

// readKeywords reads the folder's list.
func (r *Replica) readKeywords() (keywords, []byte, error) {
	data, err := os.ReadFile(filepath.Join(r.path, keywordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return keywords{}, nil, nil
	}
	if err == nil && len(data) > maxKeywords {
		err = errors.New("it is too long")
	}
	if err != nil {
		return keywords{}, nil, &tandem.Error{Kind: tandem.Unreadable, Op: "read keywords of", Thing: r.path, Err: cause(err), Remedy: "check the file " + keywordFile}
	}
	return parseKeywords(data), data, nil
}

// learn gives letters to the keywords of words that have none, as long as there are letters, and returns the folder's list.
func (r *Replica) learn(ctx context.Context, words []string) (keywords, error) {
	k, _, err := r.readKeywords()
	if err != nil || !slices.ContainsFunc(words, func(w string) bool { return canStore(w) && k.letter(w) == 0 }) || !slices.Contains(k[:], "") {
		return k, err
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return k, err
	}
	defer unlock()
	k, data, err := r.readKeywords() // again: somebody may have added to it before we had the lock
	if err != nil {
		return k, err
	}
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data, '\n')
	}
	used := r.lettersInUse()
	for _, w := range words {
		if !canStore(w) || k.letter(w) != 0 {
			continue
		}
		for i := range k {
			if k[i] == "" && !used[byte('a'+i)] {
				k[i] = w
				data = fmt.Appendf(data, "%d %s\n", i, w)
				break
			}
		}
	}
	path := filepath.Join(r.path, keywordFile)
	if err := atomicfile.Write(path, data, r.filePerm()); err != nil {
		return k, r.dirTrouble(err)
	}
	r.giveToOwner(path)
	return k, nil
}

// lettersInUse are those that messages have and no keyword: whoever set them knows what they mean.
func (r *Replica) lettersInUse() map[byte]bool {
	used := map[byte]bool{}
	for _, sub := range subdirs() {
		entries, _ := readNames(filepath.Join(r.path, sub)) // error: writing finds out
		for _, e := range entries {
			info := parseName(e).info
			for i := range len(info) {
				used[info[i]] = true
			}
		}
	}
	return used
}

// lock takes the lock that Dovecot takes: a file that is made only where there is none.
func (r *Replica) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(r.path, lockFile)
	deadline := time.Now().Add(r.patience)
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, r.filePerm())
		if err == nil {
			_, _ = fmt.Fprintf(f, "%d:tandem", os.Getpid()) // who holds it, for people
			f.Close()
			return func() { _ = os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, r.dirTrouble(err)
		}
		if info, serr := os.Stat(path); serr == nil && time.Since(info.ModTime()) > lockStale {
			_ = os.Remove(path)
			continue
		}
		if time.Now().After(deadline) {
			return nil, &tandem.Error{Kind: tandem.Busy, Op: "change keywords of", Thing: r.path, Err: errors.New("another program holds the lock " + lockFile), Wait: 5,
				Remedy: "it is tried again; if no program runs there, remove the lock"}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.closed:
			return nil, r.enter(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
