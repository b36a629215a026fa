package wbxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// TestCostOfAttacks bounds what documents of 20 MB that were made to hurt may allocate.
func TestCostOfAttacks(t *testing.T) {
	size := 20 << 20
	if testing.Short() {
		size = 4 << 20
	}
	fill := func(begin, pattern string) []byte {
		return append(unhex(t, begin), bytes.Repeat(unhex(t, pattern), size/len(unhex(t, pattern)))...)
	}
	tests := []struct {
		name  string
		doc   []byte
		fault Fault
		most  uint64 // bytes to be allocated
	}{
		{"elements within elements", fill("03016a00", "45"), TooDeep, 1 << 20},
		{"elements beside elements", fill("03016a00 45", "05"), TooMany, 32 << 20},
		{"page switches", fill("03016a00", "0001"), Truncated, 1 << 20},
		{"attributes", fill("03016a00 c5", "05"), Truncated, 1 << 20},
		{"elements with attributes", fill("03016a00 45", "8501"), TooMany, 32 << 20},
		{"unknown elements", fill("03016a00 45", "3f"), TooMany, 32 << 20},
		{"empty pieces of text", fill("03016a00 4b", "0300"), Truncated, 1 << 20},
		{"small pieces of text", fill("03016a00 4b", "036100"), Truncated, 64 << 20},
		{"small pieces of opaque data", fill("03016a00 4b", "c30161"), Truncated, 64 << 20},
		{"entities", fill("03016a00 4b", "0226"), Truncated, 96 << 20},
		{"forbidden characters", fill("03016a00 4b", "030b00"), Truncated, 1 << 20},
		{"one long text", fill("03016a00 4b03", "61"), Truncated, 128 << 20},
		{"a string table used often", append(append(unhex(t, "03016a 888000"), bytes.Repeat([]byte("a"), 128<<10)...),
			append(unhex(t, "4b"), bytes.Repeat(unhex(t, "8300"), size/2)...)...), TooLarge, 256 << 20},
	}
	for _, tt := range tests {
		for _, how := range []string{"memory", "reader"} {
			t.Run(tt.name+" from "+how, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				var err error
				if how == "memory" {
					_, _, err = Unmarshal(tt.doc, Limits{})
				} else {
					_, err = NewDecoder(io.MultiReader(bytes.NewReader(tt.doc)), Limits{}).Decode()
				}
				runtime.ReadMemStats(&after)
				var fault *Error
				if !errors.As(err, &fault) || fault.Fault != tt.fault {
					t.Errorf("got %v, want %s", err, tt.fault)
				}
				if got := after.TotalAlloc - before.TotalAlloc; got > tt.most {
					t.Errorf("%d bytes allocated, want at most %d", got, tt.most)
				}
			})
		}
	}
}

// messages is a Sync answer with so many messages, as a phone's first look into its inbox gets it.
func messages(n int) *Element {
	commands := New(AirSyncCommands)
	for i := range n {
		commands.Add(New(AirSyncAdd, Text(AirSyncServerId, fmt.Sprintf("5:%d", i)), New(AirSyncApplicationData,
			Text(EmailTo, `"Anna Müller" <anna@example.org>`), Text(EmailFrom, fmt.Sprintf(`"Sender %d" <sender%d@example.org>`, i, i)),
			Text(EmailSubject, "Re: the plans for next week & the week after"), Text(EmailDateReceived, "2026-03-01T10:00:00.000Z"),
			Text(EmailDisplayTo, "Anna Müller"), Text(EmailThreadTopic, "the plans for next week & the week after"), Text(EmailImportance, "1"), Text(EmailRead, "0"),
			New(AirSyncBaseBody, Text(AirSyncBaseType, "1"), Text(AirSyncBaseEstimatedDataSize, "400"), Text(AirSyncBaseTruncated, "1"),
				Text(AirSyncBaseData, "Dear Anna,\r\n\r\nthank you for your message. The plans are on their way; they should be with you on Monday.\r\n"+
					"If they are not, please write to me at once, for they are the only ones there are.\r\n\r\nBest regards\r\n")),
			Text(EmailMessageClass, "IPM.Note"), Text(EmailInternetCPID, "65001"), New(EmailFlag), Text(EmailContentClass, "urn:content-classes:message"),
			Text(AirSyncBaseNativeBodyType, "1"), Opaque(Email2ConversationId, []byte("0123456789abcdef")), Opaque(Email2ConversationIndex, []byte("01234")), Empty(EmailCategories))))
	}
	return New(AirSyncSync, New(AirSyncCollections, New(AirSyncCollection, Text(AirSyncSyncKey, "1234"), Text(AirSyncCollectionId, "5"), Text(AirSyncStatus, "1"), commands)))
}

// benchmarkSizes are a usual window and a very large one.
var benchmarkSizes = []int{25, 2500}

func BenchmarkUnmarshal(b *testing.B) {
	for _, n := range benchmarkSizes {
		doc, err := Marshal(messages(n))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Unmarshal(doc, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMarshal(b *testing.B) {
	for _, n := range benchmarkSizes {
		e := messages(n)
		doc, err := Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Marshal(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkToXML(b *testing.B) {
	for _, n := range benchmarkSizes {
		doc, err := Marshal(messages(n))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				e, _, err := Unmarshal(doc, Limits{})
				if err == nil {
					err = ToXML(io.Discard, e)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
