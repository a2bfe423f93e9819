package restconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	"nettwin/ontology/yang"
)

// reader reads one device into a sample.
type reader struct {
	schemas.Reading
	client *client
	server server
	depth  int
	before map[string]tagged // the configuration as it was read last
	after  map[string]tagged
}

// read asks for all roots at once, or, where the device cannot answer that, for
// one after another. An error means that nothing was learnt.
func (r *reader) read(ctx context.Context) error {
	if len(r.Model.Roots) == 0 {
		return nil
	}
	if !r.server.fields {
		return r.each(ctx)
	}
	var names []string
	for _, root := range r.Model.Roots {
		names = append(names, root.Path)
	}
	err := r.get(ctx, "data", "fields="+url.QueryEscape(strings.Join(names, ";")))
	if err == nil || !single(err) {
		return err
	}
	r.Warn(fmt.Sprintf("the device was asked for one node after another: %v", err))
	return r.each(ctx)
}

// single tells whether an error may concern one request only, while the
// device answers others.
func single(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && !errors.Is(err, ingest.ErrAuth) || errors.Is(err, ErrTooLarge) ||
		errors.Is(err, ErrProtocol) || errors.Is(err, ingest.ErrTimeout)
}

// each asks for one root after another. One that the device says it has no
// instance of is read: it is empty.
func (r *reader) each(ctx context.Context) error {
	for i, root := range r.Model.Roots {
		err := r.get(ctx, "data/"+root.Path, "")
		if err == nil {
			continue
		}
		r.Fail(root.Path, err)
		if single(err) && ctx.Err() == nil {
			continue
		}
		for _, rest := range r.Model.Roots[i+1:] {
			r.Fail(rest.Path, nil)
		}
		break
	}
	return r.Nothing()
}

// get asks for a resource's configuration and state, joins and maps them.
func (r *reader) get(ctx context.Context, resource, parameters string) error {
	if r.depth > 0 && r.server.fields {
		parameters = strings.TrimPrefix(parameters+"&depth="+strconv.Itoa(r.depth), "&")
	}
	configured, err := r.configuration(ctx, resource, parameters)
	if err != nil {
		return err
	}
	reply, err := r.client.get(ctx, resource+"?"+join("content=nonconfig", parameters), "")
	tree := &yang.Tree{Schema: r.Model.Schema}
	if err == nil {
		tree, err = r.decode(resource, reply)
	} else if missing(err) {
		err = nil
	}
	if err != nil {
		return err
	}
	if configured.tree != nil {
		schemas.Join(tree, configured.tree)
	}
	tree.Top = slices.DeleteFunc(tree.Top, r.unwanted)
	before := len(r.Sample.Facts)
	err = r.Add(func(yield func(yang.Fact) bool) (yang.Stats, []yang.Problem, error) {
		tree.Facts(yield)
		return tree.Stats, tree.Problems, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrTooLarge, resource, err)
	}
	if len(r.Sample.Facts) == before {
		return nil
	}
	for _, raw := range []ingest.RawItem{configured.raw, {Label: "get " + resource + " state", Bytes: reply.body}} {
		if len(raw.Bytes) > 0 {
			r.Sample.Raw = append(r.Sample.Raw, raw)
		}
	}
	return nil
}

// unwanted tells of a top element that was not asked for, of a device that does
// not heed what it is asked for.
func (r *reader) unwanted(e *yang.Element) bool {
	return e.Module == monitoringModule || r.Policy.Skips(e.Module+":"+e.Name)
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "&" + b
}

// missing tells whether there is no instance of a node, which is an answer.
func missing(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == 404
}

// configuration asks for a resource's configuration unless it is as it was.
func (r *reader) configuration(ctx context.Context, resource, parameters string) (tagged, error) {
	known := r.before[resource]
	reply, err := r.client.get(ctx, resource+"?"+join("content=config", parameters), known.tag)
	switch {
	case missing(err):
		return tagged{}, nil
	case err != nil:
		return tagged{}, err
	case reply.unchange:
		r.after[resource] = known
		return known, nil
	}
	tree, err := r.decode(resource, reply)
	if err != nil {
		return tagged{}, err
	}
	now := tagged{reply.tag, tree, ingest.RawItem{Label: "get " + resource + " configuration", Bytes: reply.body}}
	if now.tag != "" {
		r.after[resource] = now
	}
	return now, nil
}

// decode reads an answer by the schema; an empty one is no data (RFC 8040
// §3.5, 204 elsewhere).
func (r *reader) decode(resource string, reply reply) (tree *yang.Tree, err error) {
	options := yang.DecodeOptions{MaxBytes: r.client.maxBytes, Modules: r.Model.Modules}
	switch {
	case len(bytes.TrimSpace(reply.body)) == 0:
		return &yang.Tree{Schema: r.Model.Schema}, nil
	case reply.isXML:
		tree, err = r.Model.Schema.ReadXML(bytes.NewReader(reply.body), options)
	default:
		tree, err = r.Model.Schema.ReadJSON(bytes.NewReader(reply.body), options)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrProtocol, resource, err)
	}
	return tree, nil
}
