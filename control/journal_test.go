package control_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"nettwin/control"
)

// Goal: the journal shows who tampers with it. Method: a journal of an applied
// plan; change, drop, repeat and cut lines; a torn last line is no tampering.
func TestChain(t *testing.T) {
	w := newWorld(t)
	c := w.controller(w.device())
	w.apply(c, w.approved(c).ID)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.dir, "journal")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := control.VerifyChain(w.dir, "")
	if err != nil || chain.Entries < 10 {
		t.Fatalf("chain %+v, %v", chain, err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines = lines[:len(lines)-1]
	write := func(parts ...[]byte) {
		t.Helper()
		if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	join := func(l [][]byte) []byte { return bytes.Join(l, nil) }
	for _, test := range []struct {
		name string
		text []byte
		line int
	}{
		{"approver changed", bytes.Replace(whole, []byte(`"by":"olga"`), []byte(`"by":"rudi"`), 1), 4},
		{"line dropped", append(join(lines[:2]), join(lines[3:])...), 3},
		{"first line dropped", join(lines[1:]), 1},
		{"line repeated", append(join(lines[:2]), join(lines[1:])...), 3},
		{"no entry", append(join(lines[:2]), "{}\n"...), 3},
		{"garbage", append(join(lines[:2]), "?\n"...), 3},
	} {
		write(test.text)
		var bad *control.ChainError
		if _, err := control.VerifyChain(w.dir, ""); !errors.As(err, &bad) || bad.Line != test.line {
			t.Errorf("%s: %v, expected an error of line %d", test.name, err, test.line)
		}
		if _, err := control.New(control.Options{Store: w.store, Rules: w.engine, Items: w.shelf, Base: testBase, Knowledge: w.knowledge, Dir: w.dir}); !errors.As(err, &bad) {
			t.Errorf("%s: open: %v", test.name, err)
		}
	}
	write(join(lines[:5]))
	if _, err := control.VerifyChain(w.dir, ""); err != nil {
		t.Errorf("a shorter journal by itself: %v", err)
	}
	if _, err := control.VerifyChain(w.dir, chain.Head); err == nil {
		t.Error("a shorter journal passes although its head is known")
	}
	write(whole, []byte(`{"seq":99,"pr`))
	c = w.controller(w.device())
	if got := c.Chain(); got != chain {
		t.Errorf("after a torn line the chain is %+v, expected %+v", got, chain)
	}
	if _, err := c.VerifyChain(); err != nil {
		t.Error(err)
	}
}

// FuzzJournal: no file makes reading it panic, and what is read is a chain.
// Method: random bytes as the journal.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"seq\":1,\"prev\":\"\",\"time\":\"2026-11-22T12:00:00Z\",\"plan\":\"1\",\"step\":\"propose\"}\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "journal"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		chain, err := control.VerifyChain(dir, "")
		if err == nil && chain.Entries != uint64(bytes.Count(text, []byte("\n"))) {
			t.Errorf("%d entries of %q", chain.Entries, text)
		}
	})
}
