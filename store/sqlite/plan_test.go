package sqlite

import (
	"strings"
	"testing"
)

// TestQueriesUseTheirIndexes asks SQLite how it would run the queries whose cost must not grow with what exists.
func TestQueriesUseTheirIndexes(t *testing.T) {
	st, err := OpenMemory(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for query, want := range map[string]string{
		"SELECT " + recordColumns + " FROM record WHERE collection = 1 AND id = 'x'":                            "USING INDEX record_by_id (collection=? AND id=?)",
		"SELECT EXISTS (SELECT 1 FROM record WHERE collection = 1 AND id > 'd/' AND id < 'd0' AND deleted = 0)": "USING INDEX record_by_id (collection=? AND id>? AND id<?)",
		strings.ReplaceAll(querySharer, "?", "1"):                                                               "USING INDEX record_by_uid (collection=? AND uid=?)",
		"SELECT id FROM marker WHERE collection = 1 AND marker = 'm'":                                           "USING PRIMARY KEY",
		"SELECT data FROM blob WHERE sum = x'00'":                                                               "(sum=?)",
		"SELECT page, data FROM base WHERE pair = 1 AND page >= 2 ORDER BY page LIMIT 10":                       "(pair=? AND page>?)",
		"SELECT " + pastColumns + " FROM past WHERE record = 'r' ORDER BY id DESC LIMIT 10":                     "USING INDEX past_by_record (record=?)",
		queryItemBelow: "USING COVERING INDEX run_by_item (item>? AND item<?)",
		"SELECT id FROM run WHERE TRUE AND item = 'x' AND id < 7 AND id > 3 ORDER BY id DESC LIMIT 9": "USING COVERING INDEX run_by_item (item=? AND id>? AND id<?)",
		queryClaim:    "USING INDEX past_by_time (at>? AND at<?)",
		querySince:    "USING INDEX record_by_seq (collection=? AND seq>?)",
		queryFilled:   "USING INDEX record_by_seq (collection=? AND seq>?)",
		queryNumber:   "USING INTEGER PRIMARY KEY (rowid=?)",
		queryUID:      "USING COVERING INDEX record_by_uid (collection=? AND uid=?)",
		queryDuring:   "USING INDEX record_by_time (collection=? AND span=? AND starts>? AND starts<?)",
		queryEnded:    "USING INDEX record_by_end (collection=? AND ends>? AND ends<?)",
		queryLatest:   "USING INDEX record_by_end (collection=? AND ends>? AND ends<?)",
		queryLateKeys: "USING INDEX record_by_end (collection=? AND ends>?)",
		queryOneWord:  "USING PRIMARY KEY (collection=? AND word=?)",
		queryPast:     "USING PRIMARY KEY (number=? AND until>?)",
		queryWord:     "USING PRIMARY KEY (collection=? AND word>? AND word<?)",
		queryBelow:    "USING INDEX record_by_id (collection=? AND id>? AND id<?)",
		queryChanged:  "USING COVERING INDEX record_by_seq (collection=? AND seq>?)",
		"SELECT id FROM collection WHERE owner = ? AND kind = ?":                                       "(owner=? AND kind=?)",
		"SELECT " + deviceColumns + " FROM device WHERE owner = ? AND id = ?":                          "(owner=? AND id=?)",
		"SELECT id, owner, label, hash, added, used, origin FROM login WHERE owner = ? ORDER BY label": "(owner=?)",
		"SELECT data FROM state WHERE device = ? AND name = ?":                                         "(device=? AND name=?)",
		selectShares + whereSharedWith:                                                                 "USING INDEX share_by_grantee (grantee=?)",
		selectShares + " WHERE s.token = ?":                                                            "USING INDEX share_by_token (token=?)",
		queryProperties:                                                                                "(collection=? AND number=?)",
		"SELECT token FROM lock WHERE collection = ?":                                                  "lock_by_collection (collection=?)",
		"SELECT id FROM event WHERE id > 3 AND item = 'x' ORDER BY id LIMIT 10":                        "event_by_item (item=? AND id>?)",
		"SELECT id FROM run WHERE item = 'x' ORDER BY id DESC LIMIT 10":                                "run_by_item (item=?)",
	} {
		var plan strings.Builder
		err := st.Closer.(*db).read(t.Context(), "explain", func(c *conn) error {
			return c.each(func(s scanner) error {
				var id, parent, unused int
				var detail string
				err := s.Scan(&id, &parent, &unused, &detail)
				plan.WriteString(detail + "\n")
				return err
			}, "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.String(); !strings.Contains(got, want) || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "SCAN record") {
			t.Errorf("%s\nis run as\n%s, want %s", query, got, want)
		}
	}
}
