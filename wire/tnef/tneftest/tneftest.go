// Package tneftest writes streams in the Transport Neutral Encapsulation Format, for tests.
package tneftest

import (
	"encoding/binary"
	"unicode/utf16"
)

// Stream is a stream of these attributes.
func Stream(attributes ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0x223e9f78)
	out = append(out, 1, 0)
	for _, a := range attributes {
		out = append(out, a...)
	}
	return out
}

// Attribute is an attribute of a message (level 1) or an attachment (level 2).
func Attribute(level byte, id uint32, value []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte{level}, id)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	sum := uint16(0)
	for _, b := range value {
		sum += uint16(b)
	}
	return binary.LittleEndian.AppendUint16(append(out, value...), sum)
}

// Props are the properties of a message.
func Props(list ...[]byte) []byte { return Attribute(1, 0x00069003, props(list)) }

// File is an attachment: its beginning, and its properties.
func File(list ...[]byte) []byte {
	return append(Attribute(2, 0x00069002, make([]byte, 14)), Attribute(2, 0x00069005, props(list))...)
}

// CodePage says in which code page texts are.
func CodePage(page uint32) []byte {
	return Attribute(1, 0x00069007, append(binary.LittleEndian.AppendUint32(nil, page), 0, 0, 0, 0))
}

func props(list [][]byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(list)))
	for _, p := range list {
		out = append(out, p...)
	}
	return out
}

func prop(typ, id uint16) []byte {
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, typ), id)
}

// Long is a property that is a number.
func Long(id uint16, n uint32) []byte { return binary.LittleEndian.AppendUint32(prop(3, id), n) }

// Time is a property that is a time, in Unix seconds.
func Time(id uint16, unix int64) []byte {
	return binary.LittleEndian.AppendUint64(prop(0x40, id), uint64(unix+11_644_473_600)*10_000_000)
}

// Bool is a property that is true.
func Bool(id uint16) []byte { return append(prop(0xb, id), 1, 0, 0, 0) }

// Binary is a property that is bytes.
func Binary(id uint16, data []byte) []byte { return value(prop(0x102, id), data) }

// Text is a property that is a text in the code page of the message.
func Text(id uint16, text string) []byte { return value(prop(0x1e, id), append([]byte(text), 0)) }

// Wide is a property that is a text in UTF-16.
func Wide(id uint16, text string) []byte {
	var data []byte
	for _, u := range append(utf16.Encode([]rune(text)), 0) {
		data = binary.LittleEndian.AppendUint16(data, u)
	}
	return value(prop(0x1f, id), data)
}

// Object is a property that is another stream.
func Object(id uint16, stream []byte) []byte {
	return value(prop(0xd, id), append(make([]byte, 16), stream...))
}

// Named is a property with a name, which nobody looks at.
func Named(name string) []byte {
	out := append(prop(3, 0x8001), make([]byte, 16)...)
	out = binary.LittleEndian.AppendUint32(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(name)))
	out = append(out, name...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return binary.LittleEndian.AppendUint32(out, 7)
}

// Many is a property with several values.
func Many(id uint16, texts ...string) []byte {
	out := binary.LittleEndian.AppendUint32(prop(0x101e, id), uint32(len(texts)))
	for _, t := range texts {
		out = sized(out, append([]byte(t), 0))
	}
	return out
}

func value(head, data []byte) []byte {
	return sized(binary.LittleEndian.AppendUint32(head, 1), data)
}

func sized(out, data []byte) []byte {
	out = append(binary.LittleEndian.AppendUint32(out, uint32(len(data))), data...)
	for n := len(data); n%4 != 0; n++ {
		out = append(out, 0)
	}
	return out
}
