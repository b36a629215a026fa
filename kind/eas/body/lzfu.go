package body

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"tandem"
)

// prefill is what the dictionary of compressed RTF holds at first, MS-OXRTFCP 2.1.2.1.
const prefill = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial" +
	"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	lzHeader = 16
	lzDict   = 4096
	lzMost   = 16 << 20 // bytes of RTF that are unpacked
	lzSlow   = 16 << 10 // bytes of RTF that are compressed at most
	lzfu     = "LZFu"   // compressed
	mela     = "MELA"   // as it is
)

func lzCRC(b []byte) uint32 { return ^crc32.Update(0xffffffff, crc32.IEEETable, b) }

// Decompress unpacks compressed RTF, MS-OXRTFCP 3.1.4.1 and 2.1.3. Its checksum must be right.
func Decompress(b []byte) ([]byte, error) {
	bad := func(msg string) ([]byte, error) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "unpack rich text", Err: fmt.Errorf("%s", msg)}
	}
	if len(b) < lzHeader {
		return bad("too short")
	}
	size, raw := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if raw > lzMost {
		return bad("too large")
	}
	if size < 12 || int64(size)+4 > int64(len(b)) {
		return bad("cut short")
	}
	content := b[lzHeader : size+4]
	switch string(b[8:12]) {
	case mela:
		return content[:min(int(raw), len(content))], nil
	case lzfu:
	default:
		return bad("neither compressed nor plain rich text")
	}
	if lzCRC(content) != binary.LittleEndian.Uint32(b[12:]) {
		return bad("wrong checksum")
	}
	var dict [lzDict]byte
	at := copy(dict[:], prefill)
	out := make([]byte, 0, min(int(raw), 20*len(content)))
	put := func(c byte) {
		out = append(out, c)
		dict[at] = c
		at = (at + 1) % lzDict
	}
	for i := 0; i < len(content); {
		flags := content[i]
		i++
		for bit := 0; bit < 8 && i < len(content); bit++ {
			if len(out) > lzMost {
				return bad("too large")
			}
			if flags&(1<<bit) == 0 {
				put(content[i])
				i++
				continue
			}
			if i+1 >= len(content) {
				return bad("cut short")
			}
			ref := int(content[i])<<8 | int(content[i+1])
			i += 2
			offset, length := ref>>4, ref&15+2
			if offset == at {
				return out, nil
			}
			for range length {
				put(dict[offset])
				offset = (offset + 1) % lzDict
			}
		}
	}
	return out, nil
}

// Compress packs RTF, MS-OXRTFCP 3.1.4.2. What is large is packed as it is: the search for repetitions would take long.
func Compress(rtf []byte) []byte {
	if len(rtf) > lzSlow {
		b := make([]byte, lzHeader, lzHeader+len(rtf))
		binary.LittleEndian.PutUint32(b, uint32(lzHeader-4+len(rtf)))
		binary.LittleEndian.PutUint32(b[4:], uint32(len(rtf)))
		copy(b[8:], mela)
		return append(b, rtf...)
	}
	var dict [lzDict]byte
	at := copy(dict[:], prefill)
	filled := at
	var out bytes.Buffer
	out.Write(make([]byte, lzHeader))
	flags, bit := out.Len(), 8
	token := func(ref bool, b ...byte) {
		if bit == 8 {
			flags, bit = out.Len(), 0
			out.WriteByte(0)
		}
		if ref {
			out.Bytes()[flags] |= 1 << bit
		}
		bit++
		out.Write(b)
	}
	for i := 0; i < len(rtf); {
		offset, length := match(&dict, filled, at, rtf[i:])
		if length < 2 {
			length = 1
			token(false, rtf[i])
		} else {
			ref := offset<<4 | (length - 2)
			token(true, byte(ref>>8), byte(ref))
		}
		for range length {
			dict[at] = rtf[i]
			i++
			at = (at + 1) % lzDict
			filled = min(filled+1, lzDict)
		}
	}
	token(true, byte(at>>4), byte(at<<4)) // a reference to where the next byte would go is the end
	b := out.Bytes()
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(rtf)))
	copy(b[8:], lzfu)
	binary.LittleEndian.PutUint32(b[12:], lzCRC(b[lzHeader:]))
	return b
}

// match finds the longest start of rest, at most 17 bytes, in the dictionary, not across the place where the next byte goes.
func match(dict *[lzDict]byte, filled, at int, rest []byte) (offset, length int) {
	most := min(17, len(rest))
	for o := 0; o < filled && length < most; o++ {
		n := 0
		for p := o; n < most && p != at && p < filled && dict[p] == rest[n]; p = (p + 1) % lzDict {
			n++
		}
		if n > length {
			offset, length = o, n
		}
	}
	return offset, length
}
