package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"time"

	"tandem/wire/wbxml"
)

// libwbxmlLoop converts a document again and again by libwbxml's own functions, called from Python, and prints the seconds
// that took: what its program costs to start is not in them.
//
//go:embed wbxml.py
var libwbxmlLoop string

// codec: WBXML into XML against libwbxml, on the same bytes. Many documents of a phone's usual window are converted within
// one process, library against library; one large document is converted by the programs.
func codec(c config) ([]row, error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, err
	}
	usual, large := filepath.Join(c.dir, "usual.wbxml"), filepath.Join(c.dir, "large.wbxml")
	count := max(int(2000*c.scale), 10)
	doc, err := writeMessages(usual, 25)
	if err != nil {
		return nil, err
	}
	if _, err := writeMessages(large, max(int(25000*c.scale), 100)); err != nil {
		return nil, err
	}
	peer := (tool{args: []string{"wbxml2xml"}}).available()
	if !peer {
		fmt.Fprintln(os.Stderr, "bench: wbxml2xml (libwbxml2-utils) is not installed; its rows are left out")
	} else if err := sameXML(c.dir, usual); err != nil {
		return nil, err
	}
	var b book
	within := fmt.Sprintf("wbxml to XML: %d documents of 25 messages, libraries", count)
	programs := fmt.Sprintf("wbxml to XML: one document of %d messages, programs", max(int(25000*c.scale), 100))
	for range c.rounds {
		f, err := ours(doc, count)
		if err != nil {
			return nil, err
		}
		b.add(within, "tandem", f)
		if peer {
			if f, err := theirs(usual, count); err != nil {
				fmt.Fprintln(os.Stderr, "bench: libwbxml by way of python3:", err)
			} else {
				b.add(within, "libwbxml", f)
			}
		}
		for _, t := range codecPrograms(c, large, peer) {
			f, err := t.once()
			if err != nil {
				return nil, err
			}
			b.add(programs, t.name, f)
		}
	}
	return b.rows(), nil
}

func codecPrograms(c config, file string, peer bool) []tool {
	tools := []tool{{name: "tandem", args: []string{"sh", "-c", fmt.Sprintf("exec %q wbxml %q > %q", c.tandem, file, file+".tandem.xml")}}}
	if peer {
		tools = append(tools, tool{name: "wbxml2xml", args: []string{"wbxml2xml", "-l", "ACTIVESYNC", "-o", file + ".libwbxml.xml", file}})
	}
	return tools
}

func ours(doc []byte, count int) (figures, error) {
	user, system := cpu()
	start := time.Now()
	var out bytes.Buffer
	for range count {
		out.Reset()
		e, _, err := wbxml.Unmarshal(doc, wbxml.Limits{})
		if err == nil {
			err = wbxml.ToXML(&out, e)
		}
		if err != nil {
			return figures{}, err
		}
	}
	f := figures{wall: time.Since(start)}
	f.user, f.system = cpu()
	f.user, f.system = f.user-user, f.system-system
	fmt.Fprintf(os.Stderr, "   %-12s %8.3f s  user %7.3f  sys %7.3f\n", "tandem", f.wall.Seconds(), f.user.Seconds(), f.system.Seconds())
	return f, nil
}

func theirs(file string, count int) (figures, error) {
	cmd := exec.Command("python3", "-c", libwbxmlLoop, file, strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return figures{}, err
	}
	var wall, user, system float64
	if _, err := fmt.Sscan(string(out), &wall, &user, &system); err != nil {
		return figures{}, err
	}
	fmt.Fprintf(os.Stderr, "   %-12s %8.3f s  user %7.3f  sys %7.3f\n", "libwbxml", wall, user, system)
	second := float64(time.Second)
	return figures{wall: time.Duration(wall * second), user: time.Duration(user * second), system: time.Duration(system * second)}, nil
}

// sameXML checks that libwbxml reads in a document what we read in it.
func sameXML(dir, file string) error {
	other := filepath.Join(dir, "check.xml")
	if text, err := exec.Command("wbxml2xml", "-l", "ACTIVESYNC", "-k", "-o", other, file).CombinedOutput(); err != nil {
		return fmt.Errorf("wbxml2xml: %w: %s", err, tail(text))
	}
	var trees []*wbxml.Element
	for _, name := range []string{file, other} {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var e *wbxml.Element
		if name == file {
			e, _, err = wbxml.Unmarshal(b, wbxml.Limits{})
		} else {
			e, err = wbxml.FromXML(bytes.NewReader(b))
		}
		if err != nil {
			return err
		}
		trees = append(trees, e)
	}
	if !reflect.DeepEqual(trees[0], trees[1]) {
		return fmt.Errorf("libwbxml reads %s otherwise", file)
	}
	return nil
}

// writeMessages writes a Sync answer with so many messages, as a phone's first look into its inbox gets it.
func writeMessages(file string, count int) ([]byte, error) {
	commands := wbxml.New(wbxml.AirSyncCommands)
	for i := range count {
		commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, fmt.Sprintf("5:%d", i)), message(i)))
	}
	doc, err := wbxml.Marshal(wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, wbxml.New(wbxml.AirSyncCollection,
		wbxml.Text(wbxml.AirSyncSyncKey, "1234"), wbxml.Text(wbxml.AirSyncCollectionId, "5"), wbxml.Text(wbxml.AirSyncStatus, "1"), commands))))
	if err != nil {
		return nil, err
	}
	return doc, os.WriteFile(file, doc, 0o644)
}

func message(i int) *wbxml.Element {
	text := wbxml.Text
	return wbxml.New(wbxml.AirSyncApplicationData,
		text(wbxml.EmailTo, `"Anna Müller" <anna@example.org>`), text(wbxml.EmailFrom, fmt.Sprintf(`"Sender %d" <sender%d@example.org>`, i, i)),
		text(wbxml.EmailSubject, "Re: the plans for next week & the week after"), text(wbxml.EmailDateReceived, "2026-03-01T10:00:00.000Z"),
		text(wbxml.EmailDisplayTo, "Anna Müller"), text(wbxml.EmailThreadTopic, "the plans for next week & the week after"),
		text(wbxml.EmailImportance, "1"), text(wbxml.EmailRead, "0"),
		wbxml.New(wbxml.AirSyncBaseBody, text(wbxml.AirSyncBaseType, "1"), text(wbxml.AirSyncBaseEstimatedDataSize, "400"), text(wbxml.AirSyncBaseTruncated, "1"),
			text(wbxml.AirSyncBaseData, "Dear Anna,\n\nthank you for your message. The plans are on their way; they should be with you on Monday.\n"+
				"If they are not, please write to me at once, for they are the only ones there are.\n\nBest regards\n")),
		text(wbxml.EmailMessageClass, "IPM.Note"), text(wbxml.EmailInternetCPID, "65001"), text(wbxml.EmailContentClass, "urn:content-classes:message"),
		text(wbxml.AirSyncBaseNativeBodyType, "1"), wbxml.Opaque(wbxml.Email2ConversationId, []byte("0123456789abcdef")),
		wbxml.Opaque(wbxml.Email2ConversationIndex, []byte("01234")))
}
