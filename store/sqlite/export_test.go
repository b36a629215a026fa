package sqlite

import (
	"slices"
	"testing"
)

// FreshSchema lists what a store in memory is made of.
func FreshSchema(t *testing.T) (list []string) {
	t.Helper()
	st, err := OpenMemory(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = st.Closer.(*db).read(t.Context(), "read schema", func(c *conn) error {
		return c.each(func(s scanner) error {
			var text string
			err := s.Scan(&text)
			list = append(list, text)
			return err
		}, "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}
