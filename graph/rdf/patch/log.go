package patch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// MediaType is what RDF Patch is called in HTTP.
const MediaType = "application/rdf-patch"

// The words of headers. Those beside id and prev are ours.
const (
	wordID     = "id"
	wordPrev   = "prev"
	wordCommit = "commit" // number of the commit, from which an export can go on
	wordTime   = "time"
	wordNote   = "note"
)

// termsAtOnce is how many changes are looked up together.
const termsAtOnce = 4096

// ExportOptions say what is exported.
type ExportOptions struct {
	Branch string          // "" means graph.Main
	Since  graph.CommitSeq // begin after this commit; 0 means with the first
	Limit  int             // of commits; 0 means none
	Wait   time.Duration   // how long to wait for a commit if there is none yet
	// Wrote, if not nil, is called after each commit.
	Wrote func(graph.Commit) error
}

// Export writes the commits of a branch after one of them up to its newest, each
// as a patch with a transaction. It returns the last one written, from which the
// next export goes on, and whether the branch has more. Errors: those of
// Store.Feed, of its Next, of w.
func Export(ctx context.Context, store graph.Store, w io.Writer, o ExportOptions) (last graph.CommitSeq, more bool, err error) {
	last = o.Since
	terms, err := store.Snapshot(graph.At{Branch: o.Branch})
	if err != nil {
		return last, false, fmt.Errorf("export of patches: %w", err)
	}
	defer terms.Close()
	feed, err := store.Feed(o.Branch, o.Since)
	if err != nil {
		return last, false, fmt.Errorf("export of patches: %w", err)
	}
	defer feed.Close()
	e := &exporter{out: NewWriter(w), store: store, info: store.Info()}
	head := terms.Commit().Seq
	wait := o.Wait > 0 && last >= head
	n, open := 0, false // a commit that comes in parts is open
	for last < head || wait || open {
		if o.Limit > 0 && n == o.Limit {
			return last, true, nil
		}
		next, cancel := ctx, context.CancelFunc(func() {})
		if wait {
			next, cancel = context.WithTimeout(ctx, o.Wait)
			wait = false
		}
		c, err := feed.Next(next)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			break // nothing came in time
		}
		if err == nil {
			err = e.part(ctx, c, open)
		}
		if err != nil {
			return last, false, fmt.Errorf("export of patches after commit %d: %w", last, err)
		}
		if open = c.More; open {
			continue
		}
		last = c.Commit.Seq
		n++
		if o.Wrote != nil {
			if err := o.Wrote(c.Commit); err != nil {
				return last, false, err
			}
		}
	}
	return last, false, nil
}

// exporter writes commits.
type exporter struct {
	out   *Writer
	store graph.Store
	info  graph.Info
}

// ID names the patch of a commit of a store: a UUID of our own form (RFC 9562
// §5.8) of what never changes.
func ID(info graph.Info, seq graph.CommitSeq) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "nettwin commit\n%s\n%d\n%d\n", info.Base, info.Created.UnixNano(), seq))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0F|0x80, u[8]&0x3F|0x80
	return fmt.Sprintf("uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// part writes the changes of a commit, or as many as came at once, with what
// goes before the first and behind the last.
func (e *exporter) part(ctx context.Context, c graph.CommitChanges, open bool) error {
	if !open {
		if err := e.begin(c.Commit); err != nil {
			return err
		}
	}
	if err := e.changes(ctx, c); err != nil {
		return err
	}
	if c.More {
		return nil
	}
	if err := e.out.Write(Row{Op: Commit}); err != nil {
		return err
	}
	return e.out.Flush()
}

func (e *exporter) begin(c graph.Commit) error {
	rows := []Row{{Op: Header, Name: wordID, Term: rdf.IRI(ID(e.info, c.Seq))}}
	if c.Parent > 0 {
		rows = append(rows, Row{Op: Header, Name: wordPrev, Term: rdf.IRI(ID(e.info, c.Parent))})
	}
	rows = append(rows,
		Row{Op: Header, Name: wordCommit, Term: rdf.Literal(strconv.FormatUint(uint64(c.Seq), 10), rdf.XSDInteger)},
		Row{Op: Header, Name: wordTime, Term: rdf.Literal(c.Time.Format(time.RFC3339Nano), rdf.XSDDateTime)})
	if c.Note != "" {
		rows = append(rows, Row{Op: Header, Name: wordNote, Term: rdf.String(strings.ToValidUTF8(c.Note, "�"))})
	}
	for _, r := range append(rows, Row{Op: Begin}) {
		if err := e.out.Write(r); err != nil {
			return err
		}
	}
	return nil
}

// changes writes those of a commit, whose terms a snapshot knows that is not
// older.
func (e *exporter) changes(ctx context.Context, c graph.CommitChanges) error {
	snapshot, err := e.store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snapshot.Close()
	var ids []graph.TermID
	var terms []graph.Term
	for from := 0; from < len(c.Changes); from += termsAtOnce {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := c.Changes[from:min(from+termsAtOnce, len(c.Changes))]
		ids = ids[:0]
		for i := range part {
			ids = append(ids, part[i].Quad[:]...)
		}
		if cap(terms) < len(ids) {
			terms = make([]graph.Term, len(ids))
		}
		terms = terms[:len(ids)]
		if err := snapshot.Terms(ids, terms); err != nil {
			return err
		}
		for i := range part {
			t := terms[4*i:]
			row := Row{Op: Add, Quad: rdf.Quad{S: t[graph.S], P: t[graph.P], O: t[graph.O], G: t[graph.G]}}
			if part[i].Delete {
				row.Op = Delete
			}
			if err := e.out.Write(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErrBroken: a patch does not follow the one before it.
var ErrBroken = errors.New("RDF Patch: the log has a gap")

// ApplyOptions say how patches are applied.
type ApplyOptions struct {
	Branch     string // "" means graph.Main
	Note       string // of commits, before the id of their patch
	MaxChanges int    // of a transaction; 0 means DefaultMaxChanges
	// Applied, if not nil, is called after each transaction.
	Applied func(graph.Commit)
}

// Applied is what was done.
type Applied struct {
	Transactions int             `json:"transactions"`
	Commits      int             `json:"commits"` // of those that changed anything
	Adds         uint64          `json:"adds"`
	Deletes      uint64          `json:"deletes"`
	Head         graph.CommitSeq `json:"head"`
	Last         string          `json:"last,omitempty"` // id of the last patch
}

// Apply makes a commit of each transaction of a patch log: all of it or
// nothing. What was applied before an error stays, and applying the same log
// once more from there or before, up to its end, comes to the same dataset.
// Errors: ErrBroken if a patch names another one before it than there was, those
// of TransactionReader.Next and of Store.Commit.
func Apply(ctx context.Context, store graph.Store, r io.Reader, o ApplyOptions) (done Applied, err error) {
	in := NewTransactionReader(r, o.MaxChanges)
	for {
		t, err := in.Next()
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		if prev := t.Prev(); done.Last != "" && prev != "" && prev != done.Last {
			return done, fmt.Errorf("%w: the patch with the transaction on line %d follows <%s>, the one before it is <%s>", ErrBroken, t.Line, prev, done.Last)
		}
		note := strings.TrimSpace(o.Note + " " + t.ID())
		c, err := store.Commit(ctx, &graph.Batch{Branch: o.Branch, Deletes: t.Deletes, Adds: t.Adds, Note: note})
		if err != nil {
			return done, fmt.Errorf("transaction on line %d: %w", t.Line, err)
		}
		done.Transactions++
		done.Head, done.Last = c.Seq, t.ID()
		if c.Effective {
			done.Commits++
			done.Adds, done.Deletes = done.Adds+c.Adds, done.Deletes+c.Deletes
		}
		if o.Applied != nil {
			o.Applied(c)
		}
	}
}
