package contact

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/eas"
)

// photo draws a picture that does not compress well.
func photo(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			img.Set(x, y, color.RGBA{byte(seed >> 24), byte(x), byte(y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// MS-ASCNTC_R381: a picture too large is shown smaller, and stays as large as it is when that comes back.
func TestViewLargePicture(t *testing.T) {
	large := photo(t, 700, 500)
	b := body("3.0", "N:x", "FN:x", "PHOTO;ENCODING=b;TYPE=JPEG:"+base64.StdEncoding.EncodeToString(large))
	shown := easShow(t, b, easOptions())["Picture"]
	if shown == "" || len(shown) > 48<<10 {
		t.Fatalf("shown with %d bytes", len(shown))
	}
	data, err := base64.StdEncoding.DecodeString(shown)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width*5 != c.Height*7 && c.Width < 100 {
		t.Errorf("%+v, %v", c, err)
	}
	if r, err := (View{}).Put(b, elements(t, "Picture="+shown), easPut()); err != nil || !bytes.Equal(r.Body, b) {
		t.Error("the smaller picture replaced the photo")
	}
	o := easOptions()
	o.Quirks.MaxPicture = 3028 // field note 44
	if small := easShow(t, b, o)["Picture"]; small == "" || len(small) > 3028 {
		t.Errorf("shown with %d bytes", len(small))
	}
	after := easSend(t, b, easPut(), "Picture="+base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\nnew")))
	if !strings.Contains(string(after), "TYPE=PNG") {
		t.Errorf("%s", after)
	}
}

// A client that encodes pictures anew whenever it sends them does not make the photo smaller; another picture replaces it.
func TestViewPictureEncodedAnew(t *testing.T) {
	large := corpus.Files(t, "photos", ".jpg")
	other := large[1].Data
	for _, f := range large[:3] {
		b := body("3.0", "N:x", "FN:x", "PHOTO;ENCODING=b;TYPE=JPEG:"+base64.StdEncoding.EncodeToString(f.Data))
		shown, err := base64.StdEncoding.DecodeString(easShow(t, b, easOptions())["Picture"])
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(shown))
		if err != nil {
			t.Fatal(err)
		}
		var anew bytes.Buffer
		if err := jpeg.Encode(&anew, scale(img, 1, 300), &jpeg.Options{Quality: 50}); err != nil {
			t.Fatal(err)
		}
		if after := easSend(t, b, easPut(), "Picture="+base64.StdEncoding.EncodeToString(anew.Bytes())); !bytes.Equal(after, b) {
			t.Errorf("%s: the smaller picture replaced the photo", f.Name)
		}
	}
	b := body("3.0", "N:x", "FN:x", "PHOTO;ENCODING=b;TYPE=JPEG:"+base64.StdEncoding.EncodeToString(photo(t, 700, 500)))
	sent := base64.StdEncoding.EncodeToString(shrink(other, 30<<10))
	if got := easShow(t, easSend(t, b, easPut(), "Picture="+sent), easOptions())["Picture"]; got != sent {
		t.Error("another picture did not replace the photo")
	}
}

// Field note 29: an empty picture removes the photo only where the client manages pictures; what it never saw stays.
func TestViewPicture(t *testing.T) {
	inline := body("3.0", "N:x", "FN:x", "PHOTO;ENCODING=b;TYPE=JPEG:QUJD")
	address := body("3.0", "N:x", "FN:x", "PHOTO;VALUE=uri:https://x.example/p.jpg")
	broken := body("3.0", "N:x", "FN:x", "PHOTO;ENCODING=b;TYPE=JPEG:!!!")
	for name, c := range map[string]struct {
		before []byte
		o      eas.Put
		sent   []string
		stays  bool
	}{
		"empty, not managed":              {inline, easPut(), []string{"Picture="}, true},
		"missing, not managed":            {inline, easPut(), nil, true},
		"empty, managed":                  {inline, managed(easPut()), []string{"Picture="}, false},
		"MS-ASCMD_R878: missing, managed": {inline, managed(easPut()), nil, true},
		"the same":                        {inline, easPut(), []string{"Picture=QUJD"}, true},
		"an address, managed":             {address, managed(easPut()), []string{"Picture="}, true},
		"a broken one, managed":           {broken, managed(easPut()), nil, true},
		"no base64":                       {inline, easPut(), []string{"Picture=!"}, true},
	} {
		r, err := View{}.Put(c.before, elements(t, append(c.sent, "LastName=x")...), c.o)
		if err != nil || strings.Contains(string(r.Body), "PHOTO") != c.stays {
			t.Errorf("%s: %v\n%s", name, err, r.Body)
		}
	}
	// MS-ASCNTC_R384
	if _, err := (View{}).Put(inline, elements(t, "Picture="+strings.Repeat("A", 48<<10+4)), easPut()); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a picture too large: %v", err)
	}
	after := easSend(t, address, easPut(), "Picture=QUJD")
	if !strings.Contains(string(after), "https://x.example/p.jpg") || easShow(t, after, easOptions())["Picture"] != "QUJD" {
		t.Errorf("%s", after)
	}
}

// All eight orientations of Exif come out upright.
func TestViewOrientation(t *testing.T) {
	tried := 0
	for i, f := range corpus.Files(t, "photos", ".jpg") {
		if testing.Short() && i%3 > 0 {
			continue
		}
		small := shrink(f.Data, 30<<10)
		if small == nil {
			t.Errorf("%s: not shown", f.Name)
			continue
		}
		img, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if wide := img.Bounds().Dx() > img.Bounds().Dy(); wide != strings.Contains(f.Name, "Landscape") {
			t.Errorf("%s is %v", f.Name, img.Bounds())
		}
		tried++
	}
	if tried < 6 {
		t.Errorf("%d pictures", tried)
	}
}

func TestShrinkRefuses(t *testing.T) {
	var huge bytes.Buffer // a few kilobytes that would become a quarter of a gigabyte
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 8000, 8000))); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"nothing": nil, "a bomb": huge.Bytes(), "text": []byte("hello"), "cut short": photo(t, 30, 30)[:200], "a JPEG of nothing": []byte("\xff\xd8\xff\xe1\x00\x02")} {
		if shrink(b, 1000) != nil {
			t.Errorf("%s is shown", name)
		}
	}
	for i := range 60 { // Exif data cut anywhere
		exif := []byte("\xff\xd8\xff\xe1\x00\x30Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		orientation(exif[:min(i, len(exif))])
	}
}
