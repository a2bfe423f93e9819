package netconf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	client "nettwin/internal/netconf"
)

// reader reads one device into a sample.
type reader struct {
	schemas.Reading
	asked    []query
	session  *client.Session
	maxBytes int64
}

// read asks for all roots in one request, or, where the device cannot answer
// it, one after another. An error means that nothing was learnt.
func (r *reader) read(ctx context.Context) error {
	if len(r.asked) == 0 {
		return nil
	}
	var filters strings.Builder
	for _, q := range r.asked {
		filters.WriteString(q.filter)
	}
	err := r.get(ctx, "get", filters.String())
	if err == nil || !single(err) || len(r.asked) == 1 {
		return err
	}
	return r.each(ctx, err)
}

// single tells whether an error may concern one request only, while the
// device answers others.
func single(err error) bool {
	var refused client.RPCErrors
	return errors.As(err, &refused) || errors.Is(err, client.ErrTooLarge) || errors.Is(err, client.ErrTimeout) ||
		errors.Is(err, client.ErrProtocol) && !errors.Is(err, client.ErrLost)
}

// each asks for one root after another.
func (r *reader) each(ctx context.Context, first error) error {
	r.Warn(fmt.Sprintf("the device was asked for one node after another: %v", first))
	for i, q := range r.asked {
		root := q.root
		err := r.get(ctx, "get "+root.Path, q.filter)
		if err == nil {
			continue
		}
		r.Fail(root.Path, fmt.Errorf("get of %s: %w", root.Path, err))
		if single(err) {
			continue
		}
		for _, rest := range r.asked[i+1:] {
			r.Fail(rest.root.Path, nil)
		}
		break
	}
	return r.Nothing()
}

// get asks once and maps the answer.
func (r *reader) get(ctx context.Context, label, filter string) error {
	reply, err := r.session.Get(ctx, client.Query{Subtree: filter})
	if err != nil {
		return err
	}
	facts := len(r.Sample.Facts)
	if err := r.mapReply(reply.XML); err != nil {
		return fmt.Errorf("netconf: %s: %s: %w", r.session.Peer(), label, err)
	}
	if len(r.Sample.Facts) > facts {
		r.Sample.Raw = append(r.Sample.Raw, ingest.RawItem{Label: label, Bytes: reply.XML})
	}
	return nil
}

// finish judges what was read.
func (r *reader) finish() (*ingest.Sample, error) {
	sample, err := r.Finish()
	if err != nil {
		err = fmt.Errorf("netconf: %s: %w", r.session.Peer(), err)
	}
	return sample, err
}
