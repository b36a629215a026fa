package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem/internal/corpus"
	"tandem/wire/wbxml"
)

// sample is a real message.
type sample struct {
	name string
	data []byte // as it was put into the mailbox
	file []byte // as the corpus has it
}

// samples are all real messages of the corpora. Those whose lines end otherwise are given the line ends that IMAP wants, as every mail program does; a message with a zero
// byte cannot be kept by an IMAP server.
func samples(t *testing.T) (out []sample) {
	t.Helper()
	seen := map[[32]byte]bool{}
	root := filepath.Join(corpus.Dir(t), "mime")
	add := func(name string, file []byte) {
		data := bytes.ReplaceAll(bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		if sum := sha256.Sum256(data); len(data) > 0 && !bytes.ContainsRune(data, 0) && !seen[sum] {
			seen[sum] = true
			out = append(out, sample{name, data, file})
		}
	}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := filepath.Base(path)
		if ext := filepath.Ext(name); !slices.Contains([]string{".eml", ".txt", ".msg"}, ext) && !strings.HasPrefix(name, "mails__") {
			return nil
		}
		file, err := os.ReadFile(path)
		if err == nil && strings.HasSuffix(name, ".mbox.txt") {
			for i, m := range mboxLine.Split(string(file), -1)[1:] {
				add(fmt.Sprintf("%s, message %d", name, i), []byte(m))
			}
			return nil
		}
		add(name, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mboxLine stands before each message of an mbox. RFC 4155
var mboxLine = regexp.MustCompile(`(?:^|\n)(?:\x{FEFF})?From [^\n]*\n`)

// leastSamples is how many messages the corpora have at least, so that a corpus that shrank is noticed.
const leastSamples = 200

// TestMailBytes: real messages go to a mailbox by APPEND, from there to the hub and from it to a phone, which fetches each as it is: byte for byte what IMAP gives, and what
// was put in.
func TestMailBytes(t *testing.T) {
	t.Parallel()
	all := samples(t)
	if len(all) < leastSamples {
		t.Fatalf("%d messages, want %d at least", len(all), leastSamples)
	}
	o := openOffice(t, "16.1", func(o *office) {
		for _, s := range all {
			o.append("INBOX", string(s.data))
		}
	})
	inbox := o.phone.FolderOf(typeInbox)
	o.onPhone("all messages on the phone", func() bool { return len(o.phone.Stores[inbox].Items) == len(all) })
	there := map[string]int{}
	for _, l := range o.letters("INBOX") {
		there[l.text]++
	}
	whole := o.wholeMessages(inbox)
	if len(whole) != len(all) {
		t.Errorf("%d messages on the phone", len(whole))
	}
	got := map[string]int{}
	for id, text := range whole {
		got[text]++
		if there[text] == 0 {
			t.Errorf("%s (%s) is not as IMAP gives it", id, field(o.phone.Stores[inbox].Items[id], wbxml.EmailSubject))
		}
	}
	same := 0
	for _, s := range all {
		if got[string(s.data)] != 1 {
			t.Errorf("%s is on the phone %d times as it was put in", s.name, got[string(s.data)])
		}
		if bytes.Equal(s.data, s.file) {
			same++
		}
	}
	t.Logf("%d messages byte for byte, %d of them as the file is", len(all), same)
	o.unchanged(all)
}

// wholeMessages fetches all messages of a folder as they are.
func (o *office) wholeMessages(folder string) map[string]string {
	o.Helper()
	var ids []string
	for id := range o.phone.Stores[folder].Items {
		ids = append(ids, id)
	}
	out := map[string]string{}
	for len(ids) > 0 {
		n := min(20, len(ids))
		parts, err := fetch(o.Context(), o.phone, ids[:n]...)
		o.must(err)
		for i, p := range parts {
			out[ids[i]] = string(p)
		}
		ids = ids[n:]
	}
	return out
}

// unchanged holds that nothing came back to the server: the messages have the UIDs that they were given, and no flags.
func (o *office) unchanged(all []sample) {
	o.Helper()
	o.look()
	box, err := o.mail.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	o.must(err)
	if int(box.NumMessages) != len(all) || int(box.UIDNext) != len(all)+1 {
		o.Errorf("%d messages, the next is %d: want %d", box.NumMessages, box.UIDNext, len(all))
	}
}
