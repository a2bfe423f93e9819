package gnmi

//lint:file-ignore SA1019 the deprecated error is read, which old devices send.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"nettwin/ingest"
)

// session is one device that is about to be asked.
type session struct {
	*received
	collector *Collector
	client    *client
	encoding  gnmi.Encoding
	what      What
	paths     []*gnmi.Path
}

// prepare asks what the device can and has its schema.
func (c *Collector) prepare(ctx context.Context, cl *client, t ingest.Target, what What) (*session, error) {
	caps, err := cl.capabilities(ctx)
	if err != nil {
		return nil, err
	}
	encoding, err := caps.choose(what.Encoding)
	if err != nil {
		return nil, err
	}
	device := t.Name
	if device == "" {
		device = t.Address
	}
	model, err := c.model(ctx, device, caps)
	if err != nil {
		return nil, err
	}
	s := &session{collector: c, client: cl, encoding: encoding, what: what,
		received: &received{tree: newTree(model, c.opts.MaxElements), transport: transport(caps, encoding, cl.host)}}
	for _, text := range what.Paths {
		path, err := ParsePath(text)
		if err != nil {
			return nil, err
		}
		s.paths = append(s.paths, path)
		s.asked(path)
	}
	switch {
	case len(s.paths) > 0:
	case t.Want != nil:
		s.wanted(t.Want)
	default:
		s.paths, s.all = []*gnmi.Path{{}}, true
	}
	return s, nil
}

// asked notes what is complete when a path was read.
func (s *session) asked(path *gnmi.Path) {
	_, steps, err := Steps(nil, path)
	switch {
	case err != nil || len(steps) > 1:
	case len(steps) == 0:
		s.all = true
	case len(steps[0].Keys) == 0:
		at, _ := s.tree.path(path.GetOrigin(), steps)
		s.roots = append(s.roots, at)
	}
}

// each is the paths of all roots of the schema, for devices that cannot answer
// for all at once.
func (s *session) each() []*gnmi.Path {
	var paths []*gnmi.Path
	for _, root := range s.tree.model.Roots {
		paths = append(paths, &gnmi.Path{Elem: []*gnmi.PathElem{{Name: root.Path}}})
	}
	return paths
}

func (s *session) prefix() *gnmi.Path {
	if s.what.Target == "" {
		return nil
	}
	return &gnmi.Path{Target: s.what.Target}
}

// take applies a notification and keeps it as it came.
func (s *session) take(n *gnmi.Notification) error {
	size := proto.Size(n)
	s.client.meter.Answered(size)
	if len(s.raw)+size > maxRawBytes {
		s.raw, s.rawLost = nil, true
	} else if !s.rawLost {
		out := bytes.NewBuffer(s.raw)
		if _, err := protodelim.MarshalTo(out, n); err != nil {
			return fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		s.raw = out.Bytes()
	}
	return s.tree.apply(n)
}

// get reads by Get (gNMI specification §3.3): all at once, or, where the device
// cannot answer that, one root after another.
func (s *session) get(ctx context.Context) error {
	s.label = "get"
	err := s.getPaths(ctx, s.paths)
	if err == nil || !single(err) || len(s.what.Paths) > 0 || len(s.tree.model.Roots) == 0 {
		return err
	}
	s.tree.warn("the device was asked for one node after another: %v", err)
	s.all = false
	read := 0
	for _, path := range s.each() {
		e := s.getPaths(ctx, []*gnmi.Path{path})
		switch {
		case e == nil:
			read++
			s.asked(path)
		case !single(e):
			return e
		default:
			s.tree.warn("%s: %v", path.GetElem()[0].GetName(), e)
		}
	}
	if read == 0 {
		return err
	}
	return nil
}

func (s *session) getPaths(ctx context.Context, paths []*gnmi.Path) error {
	ctx, cancel := s.client.limited(ctx)
	defer cancel()
	if err := s.client.meter.Request(ctx); err != nil {
		return err
	}
	r, err := s.client.stub.Get(ctx, &gnmi.GetRequest{Prefix: s.prefix(), Path: paths, Type: gnmi.GetRequest_ALL, Encoding: s.encoding})
	if err != nil {
		return fmt.Errorf("get: %w", s.client.because(ctx, err))
	}
	for _, n := range r.GetNotification() {
		if err := s.take(n); err != nil {
			return err
		}
	}
	return nil
}

// once reads by Subscribe ONCE (gNMI specification §3.5.1.5.1).
func (s *session) once(ctx context.Context) error {
	s.label = "subscribe once"
	err := s.oncePaths(ctx, s.paths)
	if err == nil || !single(err) || len(s.what.Paths) > 0 || len(s.tree.model.Roots) == 0 {
		return err
	}
	s.tree.warn("the device was asked for one node after another: %v", err)
	s.all = false
	read := 0
	for _, path := range s.each() {
		e := s.oncePaths(ctx, []*gnmi.Path{path})
		switch {
		case e == nil:
			read++
			s.asked(path)
		case !single(e):
			return e
		default:
			s.tree.warn("%s: %v", path.GetElem()[0].GetName(), e)
		}
	}
	if read == 0 {
		return err
	}
	return nil
}

func (s *session) oncePaths(ctx context.Context, paths []*gnmi.Path) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub, err := s.subscribe(ctx, gnmi.SubscriptionList_ONCE, paths, 0)
	if err == nil {
		err = s.untilSync(ctx, sub)
	}
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// subscribe opens a stream and sends the list of paths.
func (s *session) subscribe(ctx context.Context, mode gnmi.SubscriptionList_Mode, paths []*gnmi.Path, how gnmi.SubscriptionMode) (gnmi.GNMI_SubscribeClient, error) {
	if err := s.client.meter.Request(ctx); err != nil {
		return nil, err
	}
	sub, err := s.client.stub.Subscribe(ctx)
	if err != nil {
		return nil, s.client.because(ctx, err)
	}
	list := &gnmi.SubscriptionList{Prefix: s.prefix(), Mode: mode, Encoding: s.encoding}
	for _, path := range paths {
		each := &gnmi.Subscription{Path: path}
		if mode == gnmi.SubscriptionList_STREAM {
			each.Mode = how
			if how == gnmi.SubscriptionMode_SAMPLE {
				each.SampleInterval = uint64(s.what.period())
			}
		}
		list.Subscription = append(list.Subscription, each)
	}
	err = sub.Send(&gnmi.SubscribeRequest{Request: &gnmi.SubscribeRequest_Subscribe{Subscribe: list}})
	if err != nil && !errors.Is(err, io.EOF) { // EOF: Recv tells why
		return nil, s.client.because(ctx, err)
	}
	return sub, nil
}

// next receives one message, no longer than the timeout.
func (s *session) next(ctx context.Context, sub gnmi.GNMI_SubscribeClient, patient bool) (*gnmi.SubscribeResponse, error) {
	type message struct {
		r   *gnmi.SubscribeResponse
		err error
	}
	if patient {
		r, err := sub.Recv()
		return r, s.why(ctx, err)
	}
	inner, cancel := s.client.limited(ctx)
	defer cancel()
	got := make(chan message, 1)
	go func() {
		r, err := sub.Recv()
		got <- message{r, err}
	}()
	select {
	case m := <-got:
		return m.r, s.why(ctx, m.err)
	case <-inner.Done():
		s.client.close() // Recv ends by it
		<-got
		return nil, s.client.because(inner, inner.Err())
	}
}

func (s *session) why(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the device ended the stream", ErrProtocol)
	}
	return s.client.because(ctx, err)
}

// untilSync takes messages up to sync_response, at most a timeout apart.
func (s *session) untilSync(ctx context.Context, sub gnmi.GNMI_SubscribeClient) error {
	for {
		r, err := s.next(ctx, sub, false)
		if err != nil {
			return err
		}
		synced, err := s.message(r)
		if synced || err != nil {
			return err
		}
	}
}

// message takes one message of a stream.
func (s *session) message(r *gnmi.SubscribeResponse) (synced bool, err error) {
	switch m := r.GetResponse().(type) {
	case *gnmi.SubscribeResponse_SyncResponse:
		return true, nil
	case *gnmi.SubscribeResponse_Update:
		return false, s.take(m.Update)
	case *gnmi.SubscribeResponse_Error:
		return false, fmt.Errorf("%w: the device says: %s", ErrUnsupported, clip(m.Error.GetMessage()))
	}
	return false, fmt.Errorf("%w: a message that is neither update nor sync_response", ErrProtocol)
}

// pathTexts names paths in messages.
func pathTexts(paths []*gnmi.Path) string {
	var out []string
	for _, p := range paths {
		origin, steps, _ := Steps(nil, p)
		out = append(out, pathText(origin, steps))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
