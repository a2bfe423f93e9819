package netconf

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

// A session is one client's NETCONF session.
type session struct {
	server     *Server
	conn       net.Conn
	channel    ssh.Channel
	id         uint32
	user, peer string
	start      time.Time
	in         frameReader
	out        *outbox
	chunked    atomic.Bool // base:1.1 holds
	subscribed atomic.Pointer[subscription]
	ending     bool // close-session was answered
}

func newSession(s *Server, conn net.Conn, channel ssh.Channel, id uint32, user string) *session {
	return &session{
		server: s, conn: conn, channel: channel, id: id, user: user, peer: conn.RemoteAddr().String(), start: s.options.Clock.Now(),
		in: frameReader{in: bufio.NewReader(channel), maxBytes: s.options.MaxMessageBytes}, out: newOutbox(),
	}
}

// hangUp ends the session at once, with its connection: a client that does not
// read would not take a farewell.
func (c *session) hangUp() {
	c.out.kill()
	c.conn.Close()
}

// run is the session's life.
func (c *session) run() {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		c.out.send(c.channel)
		c.channel.Close() // a reader that waits ends with it
	}()
	err := c.talk()
	if err != nil && err != io.EOF && !errors.Is(err, context.Canceled) {
		c.server.log.Debug("netconf session ends", "session", c.id, "user", c.user, "error", err)
	}
	why := "dropped"
	if err == nil {
		why = "closed"
	}
	c.server.close(c, why)
	if err == nil {
		c.out.end()
	} else {
		c.out.kill()
	}
	<-sent
}

// talk exchanges hellos and answers messages; nil means that the client
// closed the session.
func (c *session) talk() error {
	c.out.put(frame(c.server.hello(c.id), false, 0))
	stop := c.server.after(c.server.options.HelloTimeout, c.hangUp)
	message, err := c.in.next()
	stop()
	if err != nil {
		return err
	}
	if err := c.greet(message); err != nil {
		return err
	}
	c.server.sessionEvent("netconf-session-start", c)
	if c.server.options.Bugs.LosesEarlyRPC && c.in.in.Buffered() > 0 {
		return nil
	}
	for !c.ending {
		stop := c.idle()
		message, err := c.in.next()
		stop()
		if err != nil {
			return err
		}
		c.server.sawMessage()
		if err := c.message(message); err != nil {
			return err
		}
	}
	return nil
}

// idle ends the session when no message comes in time.
func (c *session) idle() (stop func()) {
	if c.server.options.IdleTimeout < 0 {
		return func() {}
	}
	return c.server.after(c.server.options.IdleTimeout, func() {
		if c.subscribed.Load() == nil {
			c.hangUp()
		}
	})
}

// greet reads the client's hello (RFC 6241 §8.1).
func (c *session) greet(message []byte) error {
	hello, err := c.parse(message)
	if err != nil {
		return fmt.Errorf("client hello: %w", err)
	}
	if !hello.Is(config.Base, "hello") || hello.Find("session-id") != nil {
		return fmt.Errorf("client hello: the message is %q, or it holds a session-id", hello.Name.Local)
	}
	var all []string
	if list := hello.Find("capabilities"); list != nil {
		for _, each := range list.Children {
			all = append(all, each.Value())
		}
	}
	switch {
	case slices.Contains(all, capBase11):
		c.chunked.Store(true)
		c.in.chunked = true
	case !slices.Contains(all, capBase10):
		return errors.New("client hello: no base protocol in common")
	}
	return nil
}

func (c *session) parse(message []byte) (*xmltree.Node, error) {
	return xmltree.Parse(message, xmltree.Limits{Elements: maxElements})
}

// message answers one message. An error ends the session.
func (c *session) message(message []byte) error {
	rpc, err := c.parse(message)
	if err == nil && !rpc.Is(config.Base, "rpc") {
		err = fmt.Errorf("the message is %q, not rpc", rpc.Name.Local)
	}
	if err != nil {
		if !c.chunked.Load() {
			// RFC 6241 appendix A: malformed-message is not for base:1.0.
			return err
		}
		c.reply(nil, nil, []*config.Error{{Type: config.RPC, Tag: "malformed-message", Message: err.Error()}})
		return nil
	}
	data, errs := c.dispatch(rpc)
	c.reply(rpc, data, errs)
	return nil
}

// reply answers an rpc with errors, data, or ok. Attributes of the rpc are
// those of the reply too (RFC 6241 §4.2).
func (c *session) reply(rpc *xmltree.Node, data []*xmltree.Node, errs []*config.Error) {
	n := xmltree.New(config.Base, "rpc-reply")
	if rpc != nil {
		n.Attrs, n.Decls = rpc.Attrs, rpc.Decls
	}
	switch {
	case len(errs) > 0:
		for _, e := range errs {
			n.Children = append(n.Children, e.XML())
		}
	case data == nil:
		n.Children = []*xmltree.Node{xmltree.New(config.Base, "ok")}
	default:
		n.Children = data
	}
	c.out.put(c.frame(n))
}

func (c *session) frame(n *xmltree.Node) []byte {
	message := n.Append([]byte(xml.Header))
	return frame(message, c.chunked.Load(), c.server.options.ChunkBytes)
}

// hello is the server's (RFC 6241 §8.1).
func (s *Server) hello(id uint32) []byte {
	list := xmltree.New(config.Base, "capabilities")
	for _, each := range s.capabilities() {
		list.Children = append(list.Children, config.Info("capability", each))
	}
	n := xmltree.New(config.Base, "hello", list, config.Info("session-id", strconv.FormatUint(uint64(id), 10)))
	return n.Append([]byte(xml.Header))
}
