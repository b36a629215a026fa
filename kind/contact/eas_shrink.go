package contact

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	maxPixels = 12 << 20 // of a picture that is decoded, so that it takes some ten megabytes at most
	maxJPEG   = 24 << 20 // the same of a JPEG, which takes less for each
	firstSide = 480      // pixels of the longer side that are tried first
	leastSide = 24
)

// format is a format of pictures that can be read.
type format struct {
	magic, mediaType string
	at               int // where the magic stands
	config           func(io.Reader) (image.Config, error)
	decode           func(io.Reader) (image.Image, error)
}

func formats() []format {
	return []format{
		{"\xff\xd8\xff", "image/jpeg", 0, jpeg.DecodeConfig, jpeg.Decode},
		{"\x89PNG\r\n\x1a\n", "image/png", 0, png.DecodeConfig, png.Decode},
		{"GIF8", "image/gif", 0, gif.DecodeConfig, gif.Decode},
		{"BM", "image/bmp", 0, bmp.DecodeConfig, bmp.Decode},
		{"WEBP", "image/webp", 8, webp.DecodeConfig, webp.Decode},
	}
}

func formatOf(data []byte) (format, bool) {
	for _, f := range formats() {
		if len(data) >= f.at+len(f.magic) && string(data[f.at:f.at+len(f.magic)]) == f.magic {
			return f, true
		}
	}
	return format{}, false
}

// mediaType is the type of a picture by its first bytes; one that nobody knows is mostly JPEG.
func mediaType(data []byte) string {
	if f, ok := formatOf(data); ok {
		return f.mediaType
	}
	return "image/jpeg"
}

// decode reads a picture of bearable size, and how it is to be turned.
func decode(data []byte) (img image.Image, turn int) {
	f, ok := formatOf(data)
	if !ok {
		return nil, 0
	}
	pixels := int64(maxPixels)
	if f.mediaType == "image/jpeg" {
		pixels = maxJPEG
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > pixels {
		return nil, 0
	}
	if img, err = f.decode(bytes.NewReader(data)); err != nil {
		return nil, 0
	}
	if f.mediaType == "image/jpeg" {
		return img, orientation(data)
	}
	return img, 1
}

// shrink makes a picture a JPEG of at most so many bytes, the same each time; nil if it cannot be read.
func shrink(data []byte, most int) []byte {
	img, turn := decode(data)
	if img == nil {
		return nil
	}
	for side := firstSide; side >= leastSide; side = side * 3 / 4 {
		small := scale(img, turn, side)
		for _, quality := range []int{85, 65, 45} {
			var b bytes.Buffer
			if jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}) == nil && b.Len() <= most {
				return b.Bytes()
			}
		}
	}
	return nil
}

const (
	likeSide = 16 // pixels of a side that are compared
	likeMost = 6  // of 255, by which colours may differ on average
)

// alike reports whether two pictures show the same, encoded or sized otherwise.
func alike(a, b []byte) bool {
	x, turnX := decode(a)
	y, turnY := decode(b)
	if x == nil || y == nil {
		return false
	}
	p, q := stamp(x, turnX), stamp(y, turnY)
	w, h := size(x, turnX)
	v, g := size(y, turnY)
	if long, diff := max(w*g, h*v), w*g-h*v; max(diff, -diff)*20 > long { // another shape
		return false
	}
	sum := 0
	for i := range p.Pix {
		d := int(p.Pix[i]) - int(q.Pix[i])
		sum += max(d, -d)
	}
	return sum <= likeMost*len(p.Pix)
}

// size is a picture's width and height when it is upright.
func size(img image.Image, turn int) (w, h int) {
	b := img.Bounds()
	if turn >= 5 {
		return b.Dy(), b.Dx()
	}
	return b.Dx(), b.Dy()
}

// stamp is a picture in few pixels.
func stamp(img image.Image, turn int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, likeSide, likeSide))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Over, nil)
	return upright(out, turn)
}

// scale makes the longer side at most so many pixels, upright, on white.
func scale(img image.Image, turn, side int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(w*side/long, 1), max(h*side/long, 1)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Over, nil)
	return upright(small, turn)
}

// upright turns and mirrors a picture as Exif orientation says (CIPA DC-008, tag 0x0112).
func upright(in *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return in
	}
	w, h := in.Bounds().Dx(), in.Bounds().Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [...]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x},
				6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[turn]
			out.SetRGBA(to.X, to.Y, in.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads how a JPEG is to be turned from its Exif data, 1 if that says nothing.
func orientation(data []byte) int {
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		size := int(binary.BigEndian.Uint16(data[i+2:]))
		if size < 2 || i+2+size > len(data) || data[i+1] == 0xda {
			break
		}
		if segment := data[i+4 : i+2+size]; data[i+1] == 0xe1 && len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return exifOrientation(segment[6:])
		}
		i += 2 + size
	}
	return 1
}

// exifOrientation looks through the first directory of a TIFF header.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if v := int(order.Uint16(tiff[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
