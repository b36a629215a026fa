package main

import (
	"strings"
	"testing"

	"tandem/internal/disk"
	"tandem/internal/sysevents"
)

// What doctor says of the disk that the tests run on is what the system tells of it, also for a folder not made yet.
func TestCheckSpaceAsksTheSystem(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{dir, dir + "/not/there/yet"} {
		free, err := disk.Free(dir)
		if err != nil {
			t.Fatal(err)
		}
		c := checkSpace(name)
		if again, err := disk.Free(dir); err != nil || spaceLevel(again) != spaceLevel(free) {
			t.Skip("the disk is filling up or emptying right now")
		}
		if want := spaceLevel(free); c.Level != want || !strings.Contains(c.Text, "free for the data folder") || (c.Remedy == "") != (want == "ok") {
			t.Errorf("%s with %d bytes free: %+v, want level %s", name, free, c, want)
		}
	}
}

func spaceLevel(free int64) string { return spaceCheck(free).Level }

func TestSpaceLevels(t *testing.T) {
	for free, want := range map[int64]string{0: "fail", spaceFail - 1: "fail", spaceFail: "warn", spaceWarn - 1: "warn", spaceWarn: "ok", 1 << 50: "ok"} {
		if c := spaceCheck(free); c.Level != want || (c.Remedy == "") != (want == "ok") {
			t.Errorf("%d bytes: %+v, want %s", free, c, want)
		}
	}
}

// TestDoctorTellsOfEvents: who tells of the computer is said, and what is done instead where nobody does; that is no trouble.
func TestDoctorTellsOfEvents(t *testing.T) {
	checks := checkSystem(sysevents.Sources(t.Context(), sysevents.Options{Bus: "none"}))
	if len(checks) != 3 || checks[1].Name != "events of NetworkManager" || checks[1].Level != "ok" || !strings.Contains(checks[1].Text, "looking at the interfaces") {
		t.Errorf("%+v", checks)
	}
}
