package gnmi

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Subscribe serves one subscription (gNMI specification §3.5).
func (s *Server) Subscribe(stream gnmi.GNMI_SubscribeServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	list := first.GetSubscribe()
	if list == nil {
		return status.Error(codes.InvalidArgument, "the first message holds no list of subscriptions")
	}
	if err := s.check(list); err != nil {
		return err
	}
	c := &subscription{server: s, stream: stream, list: list}
	switch list.GetMode() {
	case gnmi.SubscriptionList_ONCE:
		return c.all()
	case gnmi.SubscriptionList_POLL:
		return c.poll()
	}
	return c.follow()
}

func (s *Server) check(list *gnmi.SubscriptionList) error {
	if err := s.checkEncoding(list.GetEncoding()); err != nil {
		return err
	}
	if n := len(list.GetSubscription()); n == 0 || n > maxSubscriptions {
		return status.Errorf(codes.InvalidArgument, "%d subscriptions", n)
	}
	for _, sub := range list.GetSubscription() {
		if err := s.checkPath(list.GetPrefix(), sub.GetPath()); err != nil {
			return err
		}
		if s.options.NoOnChange && sub.GetMode() == gnmi.SubscriptionMode_ON_CHANGE && list.GetMode() == gnmi.SubscriptionList_STREAM {
			return status.Error(codes.InvalidArgument, "ON_CHANGE is not served")
		}
	}
	return nil
}

// subscription is one client's.
type subscription struct {
	server *Server
	stream gnmi.GNMI_SubscribeServer
	list   *gnmi.SubscriptionList
}

// now lists what a subscription selects of the device.
func (c *subscription) now(of []*gnmi.Subscription) []leaf {
	return slices.DeleteFunc(c.server.leaves(c.list.GetEncoding()), func(l leaf) bool {
		return !slices.ContainsFunc(of, func(sub *gnmi.Subscription) bool { return matches(c.list.GetPrefix(), sub.GetPath(), l.path) })
	})
}

// all tells everything, then that it is all.
func (c *subscription) all() error {
	if err := c.send(c.now(c.list.GetSubscription()), nil); err != nil {
		return err
	}
	return c.sync()
}

func (c *subscription) sync() error {
	return c.stream.Send(&gnmi.SubscribeResponse{Response: &gnmi.SubscribeResponse_SyncResponse{SyncResponse: true}})
}

// send tells values and what is gone, in notifications of bounded size.
func (c *subscription) send(leaves []leaf, gone []*gnmi.Path) error {
	var prefix *gnmi.Path
	if target := c.list.GetPrefix().GetTarget(); target != "" {
		prefix = &gnmi.Path{Target: target}
	}
	for len(leaves) > 0 || len(gone) > 0 {
		n := &gnmi.Notification{Timestamp: c.server.now(), Prefix: prefix, Delete: gone}
		gone = nil
		count := min(len(leaves), maxUpdates)
		for _, l := range leaves[:count] {
			n.Update = append(n.Update, &gnmi.Update{Path: l.path, Val: l.value})
		}
		leaves = leaves[count:]
		if err := c.stream.Send(&gnmi.SubscribeResponse{Response: &gnmi.SubscribeResponse_Update{Update: n}}); err != nil {
			return err
		}
	}
	return nil
}

func (c *subscription) poll() error {
	for {
		r, err := c.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.GetPoll() == nil {
			return status.Error(codes.InvalidArgument, "a subscription by POLL takes polls")
		}
		if err := c.all(); err != nil {
			return err
		}
	}
}

// follow tells everything, and then what each subscription asks for: changes,
// and samples at their times.
func (c *subscription) follow() error {
	told := c.now(c.list.GetSubscription())
	if !c.list.GetUpdatesOnly() {
		if err := c.send(told, nil); err != nil {
			return err
		}
	}
	if err := c.sync(); err != nil {
		return err
	}
	var sampled, changing []*gnmi.Subscription
	interval := time.Duration(0)
	for _, sub := range c.list.GetSubscription() {
		if sub.GetMode() != gnmi.SubscriptionMode_SAMPLE {
			changing = append(changing, sub)
			continue
		}
		sampled = append(sampled, sub)
		interval = max(time.Duration(sub.GetSampleInterval()), interval, leastSample)
	}
	told = c.now(changing)
	tick := time.NewTicker(c.server.options.Tick)
	defer tick.Stop()
	samples := make(<-chan time.Time)
	if interval > 0 {
		sample := time.NewTicker(interval)
		defer sample.Stop()
		samples = sample.C
	}
	for {
		select {
		case <-c.stream.Context().Done():
			return c.stream.Context().Err()
		case <-samples:
			if err := c.send(c.now(sampled), nil); err != nil {
				return err
			}
		case <-tick.C:
			now := c.now(changing)
			changed, gone := compare(told, now)
			if err := c.send(changed, gone); err != nil {
				return err
			}
			told = now
		}
	}
}

// compare lists what is new or other, and the highest paths of which nothing is
// left.
func compare(before, after []leaf) (changed []leaf, gone []*gnmi.Path) {
	had, has := map[string]leaf{}, map[string]bool{}
	for _, l := range before {
		had[l.key()] = l
	}
	for _, l := range after {
		if old, ok := had[l.key()]; !ok || !same(old.value, l.value) {
			changed = append(changed, l)
		}
		for n := range len(l.path.GetElem()) + 1 {
			has[pathKey(l.path.GetElem()[:n])] = true
		}
	}
	told := map[string]bool{}
	for _, l := range before {
		elems := l.path.GetElem()
		for n := 1; n <= len(elems); n++ {
			key := pathKey(elems[:n])
			if has[key] {
				continue
			}
			if !told[key] {
				told[key] = true
				gone = append(gone, &gnmi.Path{Elem: elems[:n]})
			}
			break
		}
	}
	return changed, gone
}
