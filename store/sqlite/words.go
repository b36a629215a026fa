package sqlite

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tandem"
)

// maxWords bounds how many words of one record can be searched for.
const maxWords = 200

// wordsOf cuts a text into its words, runs of letters and digits, in lower case and without accents; each once, sorted.
// "muller" finds Müller, and "anna@exa" an address.
func wordsOf(texts ...string) []string {
	var words []string
	for _, text := range texts {
		if isASCII(text) {
			words = append(words, strings.FieldsFunc(strings.ToLower(text), notWord)...)
			continue
		}
		var plain strings.Builder
		for _, r := range norm.NFKD.String(text) {
			switch {
			case unicode.Is(unicode.Mn, r):
			case unicode.IsLetter(r), unicode.IsDigit(r):
				plain.WriteRune(unicode.ToLower(r))
			default:
				plain.WriteByte(' ')
			}
		}
		words = append(words, strings.Fields(plain.String())...)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// notWord tells of a character of ASCII whether it is between words.
func notWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// matches reports whether each of the prefixes, which wordsOf made, begins one of the words.
func matches(words, prefixes []string) bool {
	for _, p := range prefixes {
		i, _ := slices.BinarySearch(words, p)
		if i == len(words) || !strings.HasPrefix(words[i], p) {
			return false
		}
	}
	return true
}

// wordsOfIndex are the words by which a record is found.
func wordsOfIndex(ix tandem.Index) []string {
	return wordsOf(append([]string{ix.Name}, ix.Keys...)...)
}

// rowWords are words that a transaction adds to records of one collection. They go into the index together and in its order, when all else of the transaction is done: a
// statement for each of the ten words of a message took longer than the message itself.
type rowWords map[rowWord]struct{}

type rowWord struct {
	word string
	row  int64
}

// set replaces the words of a record: those that are no more go at once, those that are new wait for put. after, where it is not nil, are the words of now, found before.
func (t *rowWords) set(c *conn, collection, row int64, old, now tandem.Index, after []string) error {
	if old.Name == now.Name && slices.Equal(old.Keys, now.Keys) {
		return nil
	}
	before := wordsOfIndex(old)
	if after == nil {
		after = wordsOfIndex(now)
	}
	for _, w := range before {
		if _, kept := slices.BinarySearch(after, w); kept {
			continue
		}
		if _, waits := (*t)[rowWord{w, row}]; waits {
			delete(*t, rowWord{w, row})
			continue
		}
		if _, err := c.exec("DELETE FROM word WHERE collection = ? AND word = ? AND record = ?", collection, w, row); err != nil {
			return err
		}
	}
	for _, w := range after {
		if _, kept := slices.BinarySearch(before, w); kept {
			continue
		}
		if *t == nil {
			*t = rowWords{}
		}
		(*t)[rowWord{w, row}] = struct{}{}
	}
	return nil
}

// put writes the words into the index.
func (t rowWords) put(c *conn, collection int64) error {
	list := slices.SortedFunc(maps.Keys(t), func(a, b rowWord) int { return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.row, b.row)) })
	args := make([]any, 0, 3*len(list))
	for _, w := range list {
		args = append(args, collection, w.word, w.row)
	}
	return c.insert("INSERT OR IGNORE INTO word (collection, word, record) VALUES ", 3, args)
}

// finish does what migrations left to be done, once.
func (d *db) finish(ctx context.Context) error {
	var tasks int
	err := d.write0(ctx, func(c *conn) error { return c.row("SELECT count(*) FROM unfinished").Scan(&tasks) })
	if err != nil || tasks == 0 {
		return err
	}
	return d.write(ctx, "finish migration", func(c *conn) error {
		const chunk = 1000
		for last, more := int64(0), true; more; {
			type found struct {
				row, collection int64
				ix              tandem.Index
			}
			var list []found
			err := c.each(func(s scanner) error {
				var f found
				var keys string
				err := s.Scan(&f.row, &f.collection, &f.ix.Name, &keys)
				f.ix.Keys = strings.Split(keys, "\n")
				list = append(list, f)
				return err
			}, "SELECT row, collection, name, keys FROM record WHERE row > ? ORDER BY row LIMIT ?", last, chunk)
			if err != nil {
				return err
			}
			of := map[int64]*rowWords{} // by collection
			for _, f := range list {
				if of[f.collection] == nil {
					of[f.collection] = &rowWords{}
				}
				if err := of[f.collection].set(c, f.collection, f.row, tandem.Index{}, f.ix, nil); err != nil {
					return err
				}
				last = f.row
			}
			for collection, words := range of {
				if err := words.put(c, collection); err != nil {
					return err
				}
			}
			more = len(list) == chunk
		}
		_, err := c.exec("DELETE FROM unfinished WHERE task = 'words'")
		return err
	})
}
