package snmp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nettwin/ingest"
	"nettwin/ontology/mib"
)

// Error statuses of responses (RFC 3416 §3).
const (
	statusTooBig     = 1
	statusNoSuchName = 2
)

// Reasons why a walk stops before its end.
var (
	// errOrder: the agent's next name is not behind the one asked for; asking
	// on would never end.
	errOrder = errors.New("the agent's names do not increase")
	// errVarbinds: Options.MaxVarbinds is used up.
	errVarbinds = errors.New("the limit of values for one device is reached")
	// errBudget: the time for one device is used up.
	errBudget = fmt.Errorf("%w: the time for one device is used up", ingest.ErrTimeout)
	// errStatus: the agent reports an error of its own.
	errStatus = errors.New("the agent reports an error")
)

// walker reads subtrees over one session.
type walker struct {
	session     *session
	meter       *ingest.Meter
	repetitions uint32
	varbinds    int // read so far
	maxVarbinds int
	answered    bool // the agent has answered once
}

// subtree is what one walk brought.
type subtree struct {
	raw      []byte
	varbinds []Varbind
}

// walk reads the subtree below root. The subtree holds what came before an
// error.
func (w *walker) walk(ctx context.Context, root *mib.Object) (out subtree, err error) {
	next := root.OID
	for {
		r, err := w.ask(ctx, root, next)
		if err != nil {
			return out, err
		}
		out.raw = AppendResponse(out.raw, r)
		done, last, err := w.take(root, next, r, &out)
		if done || err != nil {
			return out, err
		}
		next = last
	}
}

// take adds a response's varbinds. done means that the subtree's end was
// seen; else last is where to go on.
func (w *walker) take(root *mib.Object, next []uint32, r Response, out *subtree) (done bool, last []uint32, err error) {
	if r.ErrorStatus == statusNoSuchName {
		return true, nil, nil // agents that answer like SNMPv1 at the end
	}
	if r.ErrorStatus != 0 {
		return false, nil, fmt.Errorf("%w: error-status %d behind %s", errStatus, r.ErrorStatus, mib.Dotted(next))
	}
	if len(r.Varbinds) == 0 {
		return false, nil, fmt.Errorf("%w: an empty answer behind %s", errStatus, mib.Dotted(next))
	}
	for _, v := range r.Varbinds {
		if v.Exceptional() || !below(root.OID, v.Name) {
			return true, nil, nil
		}
		if slices.Compare(v.Name, next) <= 0 {
			return false, nil, fmt.Errorf("%w: %s after %s", errOrder, mib.Dotted(v.Name), mib.Dotted(next))
		}
		if w.varbinds >= w.maxVarbinds {
			return false, nil, fmt.Errorf("%w: %d", errVarbinds, w.maxVarbinds)
		}
		w.varbinds++
		out.varbinds = append(out.varbinds, v)
		next = v.Name
	}
	return false, next, nil
}

func below(root, name []uint32) bool {
	return len(name) > len(root) && slices.Equal(root, name[:len(root)])
}

// ask sends one request. An agent that finds the answer too big, or that is
// silent after it has answered before, is asked for half as much.
func (w *walker) ask(ctx context.Context, root *mib.Object, next []uint32) (Response, error) {
	for {
		if err := w.meter.Request(ctx); err != nil {
			return Response{}, err
		}
		r, err := w.session.getBulk(next, w.count(root))
		retry := errors.Is(err, ingest.ErrTimeout) && w.answered || err == nil && r.ErrorStatus == statusTooBig
		if retry && w.repetitions > 1 && ctx.Err() == nil {
			w.repetitions /= 2
			continue
		}
		if err != nil && errors.Is(context.Cause(ctx), errBudget) {
			err = errBudget
		}
		if err == nil {
			w.answered = true
		}
		return r, err
	}
}

// firstRepetitions bounds the first answer, when nothing is known of the
// agent, and scalarRepetitions a walk of one scalar: it and its successor.
const (
	firstRepetitions  = 8
	scalarRepetitions = 2
)

func (w *walker) count(root *mib.Object) uint32 {
	switch {
	case root.Kind == mib.Scalar:
		return min(w.repetitions, scalarRepetitions)
	case !w.answered:
		return min(w.repetitions, firstRepetitions)
	}
	return w.repetitions
}
