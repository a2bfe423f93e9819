package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/ingest"
)

// Goal: an operator makes one device of two by command, on a data directory and
// on a running twin, sees what was decided, by whom and why, and takes it back;
// what cannot be is refused with a way out. Method: the walks of a box before
// and after it was renamed and lost its serial number, through the commands.
func TestMergeCommands(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p1.snmprec", aBox{name: "edge1", serials: []string{"A1"}}.recording())
	write(t, dir, "p2.snmprec", aBox{name: "edge-one"}.recording())
	data := filepath.Join(dir, "d")
	s := newSession(t, dir, "")
	s.run([]step{
		{args: []string{"merge", "--data", data, "--list"}, code: exitNotFound, tells: []string{"no store in"}},
		{args: []string{"replay", "--data", data, filepath.Join(dir, "p1.snmprec"), filepath.Join(dir, "p2.snmprec")}, says: []string{"p1.snmprec: 1 files"}},
	})
	mergeStory(t, s, "data directory", "--data", data)
	d, _ := ownServer(t, "serve", data)
	mergeStory(t, newSession(t, dir, d.url), "anonymous", "--url", d.url)
}

// mergeStory merges edge-one into edge1, and takes that back.
func mergeStory(t *testing.T, s session, by string, place ...string) {
	t.Helper()
	at := func(command string, more ...string) []string {
		return append(append([]string{command}, place...), more...)
	}
	count := `SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a <https://w3id.org/nettwin/ns#Device> }`
	conflict, missing := exitFailed, exitNotFound
	s.run([]step{
		{args: at("merge", "edge1"), code: exitUsage, tells: []string{"name two devices", "nettwin merge KEEP OTHER --reason TEXT"}},
		{args: at("merge", "edge1", "edge-one"), code: exitUsage, tells: []string{"--reason TEXT"}},
		{args: at("merge", "--list", "edge1"), code: exitUsage, tells: []string{"--list takes no devices"}},
		{args: at("merge", "edge1", "edge9", "--reason", "typo"), code: missing, tells: []string{"no such device", "edge9"}},
		{args: at("merge", "edge1", "p1", "--reason", "the same"), code: conflict, tells: []string{"is one device: name two"}},
		{args: at("merge", "serial:32473/A1", "edge-one", "--reason", "one box, renamed"),
			says: []string{"id/device/host-name/edge-one is http://localhost:7878/id/device/serial/32473/A1", "by " + by + ": one box, renamed"}},
		{args: at("merge", "edge1", "host-name/edge-one", "--reason", "again"), code: conflict, tells: []string{"is an alias of", "undo the merge first"}},
		{args: append([]string{"--json"}, at("unmerge", "none")...), code: missing, tells: []string{"no such merge"}},
	})
	eventually(t, "1 devices", func() bool { return nettwin(t, "", at("query", "--format", "csv", count)...).stdout == "n\r\n1\r\n" })
	var list []ingest.Merge
	got := nettwin(t, "", append([]string{"--json"}, at("merge", "--list")...)...)
	if err := json.Unmarshal([]byte(got.stdout), &list); err != nil || len(list) == 0 {
		t.Fatalf("%v %+v", err, got)
	}
	if m := list[0]; m.By != by || m.Reason != "one box, renamed" || m.Undone != nil || !strings.HasSuffix(m.Keep, "/serial/32473/A1") {
		t.Errorf("%+v", m)
	}
	s.run([]step{
		{args: at("unmerge", list[0].ID, "--reason", "two boxes after all"), says: []string{"; undone, ", "by " + by + ": two boxes after all"}},
		{args: at("unmerge", list[0].ID), code: conflict, tells: []string{"undone already"}},
		{args: at("merge", "--list"), says: []string{list[0].ID, "one box, renamed; undone, "}},
	})
	eventually(t, "2 devices", func() bool { return nettwin(t, "", at("query", "--format", "csv", count)...).stdout == "n\r\n2\r\n" })
}
