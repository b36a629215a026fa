package mailkit

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"tandem/wire/tnef/tneftest"
)

// Bombs are messages that are small, and of no end to whoever unpacks them, by what they are. The subject of each is "bomb", and the text beside the file says "harmless text".
func Bombs() map[string]string {
	deep := tneftest.Stream(tneftest.Props(tneftest.Text(0x37, "bomb"), tneftest.Text(0x1000, "harmless text")))
	for range 400 {
		deep = tneftest.Stream(tneftest.Props(tneftest.Text(0x37, "bomb"), tneftest.Text(0x1000, "harmless text")), tneftest.File(tneftest.Wide(0x3707, "in.msg"), tneftest.Object(0x3701, deep)))
	}
	counts := tneftest.Stream(tneftest.Attribute(1, 0x00069003, binary.LittleEndian.AppendUint32(nil, 0xffffffff)), tneftest.Attribute(2, 0x00069005, binary.LittleEndian.AppendUint32(nil, 0xfffffff0)))
	gz := zipped(make([]byte, 64<<20))
	return map[string]string{
		"zip of death":                 bomb("application/zip", "42.zip", zipOfDeath()),
		"zip that is a message's type": bomb("message/rfc822", "42.eml", zipOfDeath()),
		"gzip":                         bomb("application/gzip", "bomb.gz", gz),
		"gzip in gzip":                 bomb("application/gzip", "bomb.gz.gz", zipped(gz)),
		"office file":                  bomb("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "bomb.docx", zipOfDeath()),
		"winmail.dat, rich text":       bomb("application/ms-tnef", "winmail.dat", tneftest.Stream(tneftest.Props(tneftest.Binary(0x1009, richBomb(15<<20, 15<<20))))),
		"winmail.dat, lying":           bomb("application/ms-tnef", "winmail.dat", tneftest.Stream(tneftest.Props(tneftest.Binary(0x1009, richBomb(20<<20, 1000))))),
		"winmail.dat, huge":            bomb("application/ms-tnef", "winmail.dat", tneftest.Stream(tneftest.Props(tneftest.Binary(0x1009, richBomb(1<<20, 0xffffffff))))),
		"winmail.dat, nested":          bomb("application/ms-tnef", "winmail.dat", deep),
		"winmail.dat, counts":          bomb("application/ms-tnef", "winmail.dat", counts),
	}
}

// bomb is a message with a text and a file.
func bomb(typ, name string, data []byte) string {
	var lines strings.Builder
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(76, len(text))
		lines.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	return "From: evil@example.org\r\nTo: ann@example.org\r\nSubject: bomb\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nharmless text\r\n--b\r\nContent-Type: " +
		typ + "; name=\"" + name + "\"\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines.String() + "--b--\r\n"
}

func zipped(data []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(data) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// zipOfDeath is a ZIP of ZIPs, six deep, of together 64 TiB.
func zipOfDeath() []byte {
	inner := make([]byte, 4<<20)
	for depth := range 7 {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for n := range 16 {
			if depth == 0 && n > 0 {
				break
			}
			w, err := z.Create(strconv.Itoa(n) + ".zip")
			if err == nil {
				_, err = io.Copy(w, bytes.NewReader(inner))
			}
			if err != nil {
				panic(err) // a buffer takes everything
			}
		}
		_ = z.Close() // likewise
		inner = out.Bytes()
	}
	return inner
}

// richBomb is compressed rich text of some n bytes, which says of itself that it has others. It takes an eighth of them. MS-OXRTFCP 2.1.3.1
func richBomb(n int, says uint32) []byte {
	const dictionary, prefilled, longest = 4096, 207, 17
	begin := `{\rtf1\ansi boo ` // two full groups of what stands for itself
	var content []byte
	for i := 0; i < len(begin); i += 8 {
		content = append(append(content, 0), begin[i:i+8]...)
	}
	at := prefilled + len(begin)
	refer := func(to, length int) {
		content = binary.BigEndian.AppendUint16(content, uint16(to<<4|(length-2)))
		at = (at + length) % dictionary
	}
	for done := 0; done < n; done += 8 * longest {
		content = append(content, 0xff)
		for range 8 {
			refer((at+dictionary-4)%dictionary, longest) // what was written last, again and again
		}
	}
	content = append(content, 1)
	refer(at, 2) // the end
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(content)+12))
	out = binary.LittleEndian.AppendUint32(out, says)
	out = append(out, "LZFu"...)
	return append(binary.LittleEndian.AppendUint32(out, ^crc32.Update(^uint32(0), crc32.IEEETable, content)), content...)
}
