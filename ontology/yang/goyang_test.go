package yang

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openconfig/goyang/pkg/yang"

	"nettwin/internal/testenv"
)

// TestAgainstGoyang: of all OpenConfig modules together, another compiler
// finds the same data nodes with the same kinds of types and the same
// config. (Its IETF modules are left to yanglint's trees: goyang cannot read
// three of them.)
func TestAgainstGoyang(t *testing.T) {
	dir := testenv.Shared(t, "data/yang/modules-openconfig")
	files, err := filepath.Glob(filepath.Join(dir, "*.yang"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	theirs := yang.NewModules()
	var want []string
	for _, dir := range []string{dir, testenv.Shared(t, "data/yang/modules-ietf-ieee-iana")} {
		theirs.AddPath(dir)
	}
	sources := map[string][]byte{}
	for _, f := range files {
		if err := theirs.Read(f); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(f), "@")
		want = append(want, name)
		if sources[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	if errs := theirs.Process(); len(errs) > 0 {
		t.Fatal(errs)
	}
	found := map[string]string{}
	var walk func(e *yang.Entry, path string)
	walk = func(e *yang.Entry, path string) {
		for name, c := range e.Dir {
			switch {
			case c.RPC != nil || c.Kind == yang.NotificationEntry:
			case c.IsChoice() || c.IsCase():
				walk(c, path)
			default:
				ns := c.Namespace().Name
				found[path+"/"+name] = fmt.Sprintf("%s %v %s", ns, !c.ReadOnly(), theirType(c))
				walk(c, path+"/"+name)
			}
		}
	}
	for name, m := range theirs.Modules {
		if slices.Contains(want, name) {
			walk(yang.ToEntry(m), "")
		}
	}
	lib := sharedLibrary(t)
	s, problems, err := lib.Compile(slices.DeleteFunc(want, func(name string) bool { return lib.modules[name] == nil }), Options{})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	ours := map[string]string{}
	var mine func(n *Node, path string)
	mine = func(n *Node, path string) {
		path += "/" + n.Name
		ours[path] = fmt.Sprintf("%s %v %s", n.Module.Namespace, n.Config, ourType(n))
		for _, c := range n.Children {
			mine(c, path)
		}
	}
	for _, n := range s.Data() {
		if strings.HasPrefix(n.Module.Name, "openconfig-") {
			mine(n, "")
		}
	}
	diffs := 0
	for _, path := range slices.Sorted(maps.Keys(found)) {
		if ours[path] != found[path] {
			if diffs++; diffs < 20 {
				t.Errorf("%s: %q, goyang says %q", path, ours[path], found[path])
			}
		}
	}
	for path := range ours {
		if strings.HasSuffix(path, "/state/counters/packets-forwarded-backup") || strings.HasSuffix(path, "/state/counters/octets-forwarded-backup") {
			continue // an augment within uses that goyang loses and yanglint has
		}
		if _, ok := found[path]; !ok {
			if diffs++; diffs < 20 {
				t.Errorf("%s: goyang has no such node", path)
			}
		}
	}
	t.Logf("%d nodes compared, %d differ", len(found), diffs)
}

func theirType(e *yang.Entry) string {
	if e.Type == nil {
		return ""
	}
	return e.Type.Kind.String()
}

func ourType(n *Node) string {
	if n.Type == nil {
		return ""
	}
	return n.Type.Base.String()
}
