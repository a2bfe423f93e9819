package netconf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
)

// reader reads one device into a sample.
type reader struct {
	session  *client.Session
	model    *model
	policy   Policy
	maxBytes int64
	maxFacts int
	sample   *ingest.Sample

	failures []error
	unread   map[string]bool // roots that failed
	dropped  int             // warnings
}

// read asks for all roots in one request, or, where the device cannot answer
// it, one after another. An error means that nothing was learnt.
func (r *reader) read(ctx context.Context) error {
	r.unread = map[string]bool{}
	if len(r.model.roots) == 0 {
		return nil
	}
	var filters strings.Builder
	for _, root := range r.model.roots {
		filters.WriteString(root.filter)
	}
	err := r.get(ctx, "get", filters.String())
	if err == nil || !single(err) || len(r.model.roots) == 1 {
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
	r.warn(fmt.Sprintf("the device was asked for one node after another: %v", first))
	for i, root := range r.model.roots {
		err := r.get(ctx, "get "+root.path, root.filter)
		if err == nil {
			continue
		}
		r.failures = append(r.failures, fmt.Errorf("get of %s: %w", root.path, err))
		r.unread[root.path] = true
		if single(err) {
			continue
		}
		for _, rest := range r.model.roots[i+1:] {
			r.unread[rest.path] = true
		}
		break
	}
	if len(r.unread) == len(r.model.roots) {
		return r.failures[0]
	}
	return nil
}

// get asks once and maps the answer.
func (r *reader) get(ctx context.Context, label, filter string) error {
	reply, err := r.session.Get(ctx, client.Query{Subtree: filter})
	if err != nil {
		return err
	}
	facts := len(r.sample.Facts)
	if err := r.mapReply(reply.XML); err != nil {
		clear(r.sample.Facts[facts:])
		r.sample.Facts = r.sample.Facts[:facts]
		return fmt.Errorf("netconf: %s: %s: %w", r.session.Peer(), label, err)
	}
	if len(r.sample.Facts) > facts {
		r.sample.Raw = append(r.sample.Raw, ingest.RawItem{Label: label, Bytes: reply.XML})
	}
	return nil
}

// maxWarnings bounds what one broken device can say.
const maxWarnings = 50

func (r *reader) warn(texts ...string) {
	room := max(maxWarnings-len(r.sample.Warnings), 0)
	r.dropped += max(len(texts)-room, 0)
	r.sample.Warnings = append(r.sample.Warnings, texts[:min(room, len(texts))]...)
}

// finish judges what was read.
func (r *reader) finish() (*ingest.Sample, error) {
	modules := map[string]bool{} // false: one of its roots is unread
	for _, root := range r.model.roots {
		module, _, _ := strings.Cut(root.path, ":")
		if before, ok := modules[module]; !ok || before {
			modules[module] = !r.unread[root.path]
		}
		if !r.unread[root.path] {
			r.sample.Complete = append(r.sample.Complete, root.path)
		}
	}
	for _, root := range r.model.roots { // a module's own leafs are facts about the module
		module, _, _ := strings.Cut(root.path, ":")
		if modules[module] {
			r.sample.Complete = append(r.sample.Complete, module)
			modules[module] = false
		}
	}
	if r.dropped > 0 {
		r.sample.Warnings = append(r.sample.Warnings, fmt.Sprintf("and %d warnings more", r.dropped))
	}
	if len(r.failures) == 0 {
		return r.sample, nil
	}
	return r.sample, fmt.Errorf("netconf: %s: %w: %w", r.session.Peer(), ingest.ErrPartial, errors.Join(r.failures...))
}
