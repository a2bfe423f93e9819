package control

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// MaxEntryBytes bounds one entry of the journal.
const MaxEntryBytes = 16 << 20

// journalName is the file below Options.Dir.
const journalName = "journal"

// Entry is one line of the journal. Prev is the SHA-256 of the line before it,
// without its newline, in hexadecimal; that of the first line is empty: who
// changes, drops or inserts a line breaks the chain.
type Entry struct {
	Seq    uint64    `json:"seq"` // from 1
	Prev   string    `json:"prev"`
	Time   time.Time `json:"time"`
	Plan   string    `json:"plan"`
	Step   string    `json:"step"`
	State  State     `json:"state,omitempty"` // that the plan enters
	Device string    `json:"device,omitempty"`
	By     string    `json:"by,omitempty"`
	Detail string    `json:"detail,omitempty"`
	// Record is the whole plan, where it was made or verified.
	Record *Plan `json:"record,omitempty"`
	// Of step "apply".
	Token    string    `json:"token,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
}

// ChainError is a line of the journal that is not what was written.
type ChainError struct {
	File   string
	Line   int
	Reason string
}

func (e *ChainError) Error() string {
	return fmt.Sprintf("control: journal %s:%d: %s", e.File, e.Line, e.Reason)
}

// Chain is what is known of a journal.
type Chain struct {
	Entries uint64 `json:"entries"`
	Head    string `json:"head"` // SHA-256 of the last line
}

// journal appends entries to a file.
type journal struct {
	file  *os.File
	path  string
	chain Chain
	bad   error // an earlier write failed
}

// openJournal reads all entries and makes the file ready to append. A last
// line without its end was never acknowledged: it is cut off.
func openJournal(dir string) (*journal, []Entry, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("control: journal: %w", err)
	}
	j := &journal{path: filepath.Join(dir, journalName)}
	_, statErr := os.Stat(j.path)
	file, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("control: journal: %w", err)
	}
	j.file = file
	entries, size, err := readChain(file, j.path, &j.chain)
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
	}
	if err == nil && errors.Is(statErr, os.ErrNotExist) {
		err = syncDir(dir)
	}
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("control: journal: %w", err)
	}
	return j, entries, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readChain reads entries and checks each against the line before it. It
// returns the number of bytes of whole lines, and before an error what is in
// order.
func readChain(r io.Reader, path string, chain *Chain) ([]Entry, int64, error) {
	var entries []Entry
	var size int64
	buffered := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(buffered)
		if errors.Is(err, io.EOF) {
			return entries, size, nil
		}
		if err != nil {
			return entries, size, &ChainError{File: path, Line: n, Reason: err.Error()}
		}
		var e Entry
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			return entries, size, &ChainError{File: path, Line: n, Reason: "it is no entry: " + err.Error()}
		}
		if e.Seq != uint64(n) {
			return entries, size, &ChainError{File: path, Line: n, Reason: fmt.Sprintf("entry %d stands where %d belongs: lines were removed or added", e.Seq, n)}
		}
		if e.Prev != chain.Head {
			return entries, size, &ChainError{File: path, Line: n, Reason: fmt.Sprintf("the line before it has SHA-256 %q, this entry names %q: one of both was changed", chain.Head, e.Prev)}
		}
		chain.Head, chain.Entries = lineHash(line), e.Seq
		entries, size = append(entries, e), size+int64(len(line))+1
	}
}

// readLine returns a line without its newline; io.EOF if none is whole.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > MaxEntryBytes {
			return nil, fmt.Errorf("longer than %d bytes", MaxEntryBytes)
		}
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func lineHash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// append writes an entry and returns when it is on stable storage, with its
// number and chain set. After a failure nothing more is taken: what the file
// holds is not known until it is opened again.
func (j *journal) append(e *Entry) error {
	if j.bad != nil {
		return fmt.Errorf("control: journal: an earlier write failed, restart to go on: %w", j.bad)
	}
	e.Seq, e.Prev = j.chain.Entries+1, j.chain.Head
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("control: journal: %w", err)
	}
	if len(line) > MaxEntryBytes {
		return fmt.Errorf("control: journal: plan %s: an entry of %d bytes, at most %d are allowed", e.Plan, len(line), MaxEntryBytes)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		j.bad = err
		return fmt.Errorf("control: journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		j.bad = err
		return fmt.Errorf("control: journal: %w", err)
	}
	j.chain = Chain{Entries: e.Seq, Head: lineHash(line)}
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// VerifyChain reads a control directory's journal and checks its chain. The
// head of an older chain, as the provenance graph keeps them, tells whether
// the end was cut off: pass it as known, or "". Errors: *ChainError.
func VerifyChain(dir, known string) (Chain, error) {
	path := filepath.Join(dir, journalName)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && known == "" {
		return Chain{}, nil
	}
	if err != nil {
		return Chain{}, fmt.Errorf("control: journal: %w", err)
	}
	var chain Chain
	entries, _, err := readChain(bytes.NewReader(text), path, &chain)
	if err != nil {
		return Chain{}, err
	}
	if known == "" || known == chain.Head {
		return chain, nil
	}
	for _, e := range entries {
		if e.Prev == known {
			return chain, nil
		}
	}
	return Chain{}, &ChainError{File: path, Line: len(entries), Reason: "the entry with SHA-256 " + strings.ToLower(known) + " is not in it: the end was cut off or the file exchanged"}
}

// fold brings an entry into the plans.
func fold(plans map[string]*Plan, e *Entry) error {
	p := plans[e.Plan]
	switch {
	case e.Record != nil:
		var steps []Step
		if p != nil {
			steps = p.Steps
		}
		p = e.Record.clone()
		p.Steps = steps
		plans[e.Plan] = p
	case p == nil:
		return fmt.Errorf("control: journal: entry %d is of plan %s, which no entry before it made", e.Seq, e.Plan)
	}
	if e.State != "" {
		p.State = e.State
	}
	p.Updated = e.Time
	switch {
	case e.State == Approved:
		p.Approval = &Approval{By: e.By, At: e.Time, Digest: p.Digest}
	case e.Step == stepApply:
		p.Token, p.Deadline, p.Started = e.Token, e.Deadline, e.Time
	case e.State.Final():
		p.Reason, p.Branch = e.Detail, ""
	}
	p.Steps = append(p.Steps, Step{Seq: e.Seq, Time: e.Time, Name: e.Step, Device: e.Device, By: e.By, Detail: e.Detail})
	return nil
}
