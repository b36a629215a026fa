package sqlite

import (
	"encoding/binary"
	"hash/crc32"

	"tandem"
)

// A page holds the rows with links page*pageRows to page*pageRows+pageRows-1, in order:
//
//	version   1 byte, 1
//	checksum  4 bytes, CRC-32C of the rest
//	rows      each: link within the page (1 byte), length (uvarint), row
//
// 64 rows make some 16 KB for a tree of files. Measured over 20,000 such rows, in processor time: with 16 rows to a page,
// reading and writing all of it takes twice as long; with 256 it takes as long as with 64, and a scattered change
// writes up to four times as many bytes.
const (
	pageRows    = 64
	pageVersion = 1
	pageHead    = 5
)

// entry is an encoded row of a page; an empty row is none.
type entry struct {
	slot int // link within the page
	row  string
}

// encodePage packs entries, which are in order of slot. It reuses out.
func encodePage(out []byte, entries []entry) []byte {
	out = append(out[:0], pageVersion, 0, 0, 0, 0)
	for _, e := range entries {
		out = append(out, byte(e.slot))
		out = binary.AppendUvarint(out, uint64(len(e.row)))
		out = append(out, e.row...)
	}
	binary.LittleEndian.PutUint32(out[1:], checksum(out[pageHead:]))
	return out
}

// checksum is CRC-32C, for which processors have an instruction. MakeTable returns the runtime's shared table.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// decodePage calls f for each encoded row of a page, in order. The rows share one copy of the page.
func decodePage(page []byte, f func(slot int, row string) error) error {
	if len(page) < pageHead || page[0] != pageVersion || checksum(page[pageHead:]) != binary.LittleEndian.Uint32(page[1:]) {
		return errPage
	}
	d := decoder{in: string(page[pageHead:])}
	for d.in != "" {
		slot := int(d.take(1)[0])
		row := d.string()
		if d.bad || slot >= pageRows {
			return errPage
		}
		if err := f(slot, row); err != nil {
			return err
		}
	}
	return nil
}

// pageOf is the page and the place in it of a link.
func pageOf(link int64) (page int64, slot int) { return link / pageRows, int(link % pageRows) }

// hashID is the short hash by which a page tells that it may hold an id (FNV-1a). It is part of the format.
func hashID(id tandem.ID) uint32 {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return h
}
