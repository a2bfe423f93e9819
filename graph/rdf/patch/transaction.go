package patch

import (
	"errors"
	"fmt"
	"io"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// DefaultMaxChanges bounds a transaction.
const DefaultMaxChanges = 4 << 20

// Transaction is what a committed block changes. A quad is in at most one of
// Deletes and Adds: what was said of it last counts.
type Transaction struct {
	Header  map[string]rdf.Term // since the block before
	Deletes []rdf.Quad
	Adds    []rdf.Quad
	// Prefixes is how many rows of prefixes there were.
	Prefixes int
	Line     int // of its TX
}

// ID is the header's id, "" if there is none.
func (t *Transaction) ID() string { return t.Header["id"].Value() }

// Prev is the id of the patch before, "" if the header names none.
func (t *Transaction) Prev() string { return t.Header["prev"].Value() }

// TransactionReader reads transactions one by one. Those that were aborted are
// left out.
type TransactionReader struct {
	rows       *Reader
	maxChanges int
}

// NewTransactionReader returns a reader of transactions of at most so many
// changes; 0 means DefaultMaxChanges.
func NewTransactionReader(r io.Reader, maxChanges int) *TransactionReader {
	if maxChanges <= 0 {
		maxChanges = DefaultMaxChanges
	}
	return &TransactionReader{rows: NewReader(r), maxChanges: maxChanges}
}

// Next returns the next transaction. Errors: io.EOF; io.ErrUnexpectedEOF if
// the patch ends inside one; graph.ErrTooLarge; those of Reader.Read.
func (r *TransactionReader) Next() (*Transaction, error) {
	t := &Transaction{Header: map[string]rdf.Term{}}
	for {
		row, err := r.rows.Read()
		if err != nil {
			return nil, err
		}
		switch row.Op {
		case Header:
			t.Header[row.Name] = row.Term
			continue
		case AddPrefix, DeletePrefix: // Jena writes some before the first TX
			t.Prefixes++
			continue
		case Begin:
		default:
			return nil, &SyntaxError{Line: row.Line, Column: 1, Msg: fmt.Sprintf("%s outside of a transaction: TX is missing", row.Op)}
		}
		t.Line = row.Line
		committed, err := r.block(t)
		if err != nil {
			return nil, err
		}
		if committed {
			return t, nil
		}
		t = &Transaction{Header: map[string]rdf.Term{}}
	}
}

// block reads up to the end of a block; false if it was aborted.
func (r *TransactionReader) block(t *Transaction) (bool, error) {
	last := map[rdf.Quad]bool{} // added or deleted
	for {
		row, err := r.rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return false, fmt.Errorf("RDF Patch: the transaction that begins on line %d has no TC: it is not whole: %w", t.Line, io.ErrUnexpectedEOF)
		case err != nil:
			return false, err
		}
		switch row.Op {
		case Add, Delete:
			last[row.Quad] = row.Op == Add
			if len(last) > r.maxChanges {
				return false, fmt.Errorf("RDF Patch: the transaction that begins on line %d has more than %d changes: %w", t.Line, r.maxChanges, graph.ErrTooLarge)
			}
		case AddPrefix, DeletePrefix:
			t.Prefixes++
		case Commit:
			for q, added := range last {
				if added {
					t.Adds = append(t.Adds, q)
				} else {
					t.Deletes = append(t.Deletes, q)
				}
			}
			return true, nil
		case Abort:
			return false, nil
		default:
			return false, &SyntaxError{Line: row.Line, Column: 1, Msg: fmt.Sprintf("%s inside the transaction that begins on line %d", row.Op, t.Line)}
		}
	}
}
