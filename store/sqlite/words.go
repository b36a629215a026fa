package sqlite

import (
	"context"
	"slices"
	"strings"
	"unicode"

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

// setWords replaces the words of a record.
func setWords(c *conn, collection, row int64, old, now tandem.Index) error {
	if old.Name == now.Name && slices.Equal(old.Keys, now.Keys) {
		return nil
	}
	before, after := wordsOfIndex(old), wordsOfIndex(now)
	for _, w := range before {
		if _, kept := slices.BinarySearch(after, w); kept {
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
		if _, err := c.exec("INSERT OR IGNORE INTO word (collection, word, record) VALUES (?, ?, ?)", collection, w, row); err != nil {
			return err
		}
	}
	return nil
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
			for _, f := range list {
				if err := setWords(c, f.collection, f.row, tandem.Index{}, f.ix); err != nil {
					return err
				}
				last = f.row
			}
			more = len(list) == chunk
		}
		_, err := c.exec("DELETE FROM unfinished WHERE task = 'words'")
		return err
	})
}
