package web

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the pictures of doc/web.md anew")

// TestPicture: the pictures in doc/web.md are of these pages; go test ./test/web -run Picture -update makes them anew.
func TestPicture(t *testing.T) {
	pictures := map[string]string{"web.png": "/", "web-conflict.png": "/conflicts/1"}
	if !*update {
		for name := range pictures {
			if info, err := os.Stat(filepath.Join("..", "..", "doc", name)); err != nil || info.Size() > 200<<10 {
				t.Errorf("%s: %v: make it with -update", name, err)
			}
		}
		return
	}
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	h.places = filepath.Join(os.TempDir(), "home", "anna")
	if err := os.RemoveAll(h.places); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(filepath.Dir(h.places))
	h.family()
	b := openBrowser(t, h)
	b.look(1080, 700, "light")
	b.logIn()
	for name, path := range pictures {
		b.open(path)
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		var small bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(img)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "..", "doc", name), small.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// family makes what the pictures show.
func (h *hub) family() {
	h.Helper()
	for i, n := range []string{"Ben Bauer", "Carla Costa", "Dora Diaz", "Emil Ehrlich"} {
		h.write(fmt.Sprintf("laptop/contacts/%d.vcf", i), card(fmt.Sprintf("p-%d", i), n, "TEL;TYPE=CELL:+49 30 "+fmt.Sprint(1000+i)))
	}
	for i, title := range []string{"Dentist", "Choir practice", "Parents' evening"} {
		h.write(fmt.Sprintf("laptop/calendar/%d.ics", i), event(fmt.Sprintf("pe-%d", i), title, fmt.Sprintf("2026120%d", i+1)))
	}
	h.write("Documents/letter.txt", "Dear reader")
	h.write("stick/one.txt", "one")
	h.write("tablet/keep.vcf", card("p-keep", "Fatima Farsi"))
	h.cli("", "partner", "add", "vdir:"+h.dir("laptop"), "--name", "laptop", "--user", user)
	for _, it := range [][]string{{"contacts", "laptop:contacts", "contacts-laptop"}, {"calendar", "laptop:calendar", "calendar-laptop"}, {"contacts", "vdir:" + h.dir("tablet"), "contacts-tablet"},
		{"documents", "files:" + h.dir("Documents"), "documents"}, {"pictures", "files:" + h.dir("stick"), "pictures"}} {
		h.cli("", "item", "add", it[0], it[1], "--name", it[2], "--mode", "manual", "--user", user)
		h.try("sync", it[2])
	}
	h.write("laptop/contacts/1.vcf", card("p-1", "Carla Costa", "TEL;TYPE=CELL:+49 30 5555", "EMAIL:carla@example.org"))
	tablet, err := os.ReadDir(h.dir("tablet"))
	if err != nil {
		h.Fatal(err)
	}
	for _, f := range tablet {
		if body, err := os.ReadFile(filepath.Join(h.dir("tablet"), f.Name())); err == nil && bytes.Contains(body, []byte("Carla")) {
			h.write("tablet/"+f.Name(), card("p-1", "Carla Costa", "TEL;TYPE=CELL:+49 40 7777"))
		}
	}
	if err := os.RemoveAll(h.dir("stick")); err != nil {
		h.Fatal(err)
	}
	for _, it := range []string{"contacts-laptop", "contacts-tablet", "pictures"} {
		h.try("sync", it)
	}
	h.cli("", "item", "set", "calendar-laptop", "schedule=@daily")
	h.phones()
}

// fewColours is a picture in its 256 most frequent colours, which is a third of the size.
func fewColours(img image.Image) image.Image {
	count := map[color.Color]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[img.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	out := image.NewPaletted(b, colours[:min(256, len(colours))])
	draw.Draw(out, b, img, b.Min, draw.Src)
	return out
}
