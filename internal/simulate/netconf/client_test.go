package netconf_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ifSpace = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
	// module has the part of RFC 8343's tree that these tests need.
	module = `module ietf-interfaces { namespace "` + ifSpace + `"; prefix if; revision 2018-02-20; feature if-mib;
	identity interface-type; identity ethernet { base interface-type; }
	container interfaces { list interface { key name; leaf name { type string; } leaf description { type string { length "0..64"; } }
	  leaf type { type identityref { base interface-type; } mandatory true; } leaf enabled { type boolean; default true; }
	  leaf oper-status { config false; type enumeration { enum up; enum down; } } } } }`
	interfaces = `<interfaces xmlns="` + ifSpace + `">%s</interfaces>`
	eth        = `<interface><name>%s</name><description>%s</description><type>ethernet</type></interface>`
)

// A memory is a device that only remembers.
type memory struct {
	mu       sync.Mutex
	running  *config.Tree
	effects  []bool
	refuse   error
	watchers map[int]func(netconf.Event)
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	set, err := yang.Parse([][]byte{[]byte(module)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Load(set, parse(t, "<c>"+fmt.Sprintf(interfaces, fmt.Sprintf(eth, "eth0", "zero")+fmt.Sprintf(eth, "eth1", "one"))+"</c>").Children)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return &memory{running: tree, watchers: map[int]func(netconf.Event){}}
}

func (m *memory) Running() *config.Tree {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running
}

func (m *memory) Apply(next *config.Tree, effect bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.running = next
	m.effects = append(m.effects, effect)
	return nil
}

func (m *memory) State() []*xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(ifSpace, name, value) }
	return []*xmltree.Node{xmltree.New(ifSpace, "interfaces", xmltree.New(ifSpace, "interface", leaf("name", "eth1"), leaf("oper-status", "up")))}
}

func (m *memory) Watch(f func(netconf.Event)) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := len(m.watchers)
	m.watchers[id] = f
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, id)
	}
}

func (m *memory) tell(e netconf.Event) {
	m.mu.Lock()
	all := m.watchers
	m.mu.Unlock()
	for _, f := range all {
		f(e)
	}
}

func signer(t testing.TB, seed byte) ssh.Signer {
	t.Helper()
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serve starts a server with a device in memory; change may be nil.
func serve(t testing.TB, change func(*netconf.Options)) (*netconf.Server, *memory) {
	t.Helper()
	device := newMemory(t)
	options := netconf.Options{
		Device: device, HostKey: signer(t, 1), Passwords: map[string]string{"op": "secret"},
		Keys: map[string][]ssh.PublicKey{"key": {signer(t, 2).PublicKey()}},
	}
	if change != nil {
		change(&options)
	}
	s, err := netconf.Listen(context.Background(), "127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, device
}

// A client is a NETCONF client with framing of its own, so that the server's
// is not tested by itself.
type client struct {
	t       testing.TB
	conn    *ssh.Client
	in      *bufio.Reader
	out     io.Writer
	version string
	id      int
	hello   *xmltree.Node
	notes   []*xmltree.Node
}

func dial(t testing.TB, s *netconf.Server, user string, auth ssh.AuthMethod) (*ssh.Client, error) {
	t.Helper()
	return ssh.Dial("tcp", s.Addr().String(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: ssh.FixedHostKey(signer(t, 1).PublicKey()), Timeout: 5 * time.Second,
	})
}

// open logs in; version is 1.0 or 1.1, extra is sent with the hello.
func open(t testing.TB, s *netconf.Server, version, extra string) *client {
	t.Helper()
	conn, err := dial(t, s, "op", ssh.Password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return subsystem(t, conn, version, extra)
}

func subsystem(t testing.TB, conn *ssh.Client, version, extra string) *client {
	t.Helper()
	each, err := conn.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, _ := each.StdoutPipe()
	out, _ := each.StdinPipe()
	if err := each.RequestSubsystem("netconf"); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, conn: conn, in: bufio.NewReader(in), out: out, version: "1.0"}
	c.write(`<hello xmlns="` + config.Base + `"><capabilities><capability>urn:ietf:params:netconf:base:` + version + `</capability></capabilities></hello>]]>]]>` + extra)
	c.hello = c.receive()
	c.version = version
	return c
}

func (c *client) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.out, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) framed(message string) string {
	if c.version == "1.0" {
		return message + "]]>]]>"
	}
	half := len(message) / 2
	return fmt.Sprintf("\n#%d\n%s\n#%d\n%s\n##\n", half, message[:half], len(message)-half, message[half:])
}

// next returns the next message, or nil when the session is over.
func (c *client) next() *xmltree.Node {
	c.t.Helper()
	var all []byte
	for {
		if c.version == "1.0" {
			b, err := c.in.ReadByte()
			if err != nil {
				return nil
			}
			if all = append(all, b); bytes.HasSuffix(all, []byte("]]>]]>")) {
				return parse(c.t, string(all[:len(all)-6]))
			}
			continue
		}
		line, err := c.in.ReadString('\n')
		if err != nil {
			return nil
		}
		if line == "\n" {
			continue
		}
		if line == "##\n" {
			return parse(c.t, string(all))
		}
		size, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(line, "#"), "\n"))
		if err != nil {
			c.t.Fatalf("chunk header %q", line)
		}
		chunk := make([]byte, size)
		if _, err := io.ReadFull(c.in, chunk); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, chunk...)
	}
}

func (c *client) receive() *xmltree.Node {
	c.t.Helper()
	n := c.next()
	if n == nil {
		c.t.Fatal("the session is over")
	}
	return n
}

func (c *client) send(op string) {
	c.t.Helper()
	c.id++
	c.write(c.framed(fmt.Sprintf(`<?xml version="1.0"?><rpc xmlns="%s" message-id="%d">%s</rpc>`, config.Base, c.id, op)))
}

// call makes an rpc; notifications that come before the reply are kept.
func (c *client) call(op string) *xmltree.Node {
	c.t.Helper()
	c.send(op)
	for {
		n := c.receive()
		if n.Name.Local == "rpc-reply" {
			if id, _ := n.Attr("", "message-id"); id != strconv.Itoa(c.id) {
				c.t.Fatalf("reply to %q: %s", op, n)
			}
			return n
		}
		c.notes = append(c.notes, n)
	}
}

// ok makes rpcs that must succeed.
func (c *client) ok(ops ...string) {
	c.t.Helper()
	for _, op := range ops {
		if n := c.call(op); n.Find("ok") == nil {
			c.t.Fatalf("%s: %s", op, n)
		}
	}
}

// fails makes an rpc that must fail with this type and tag.
func (c *client) fails(op, want string) *xmltree.Node {
	c.t.Helper()
	n := c.call(op)
	e := n.Find("rpc-error")
	if e == nil {
		c.t.Fatalf("%s: %s, want %s", op, n, want)
	}
	if got := e.Find("error-type").Value() + " " + e.Find("error-tag").Value(); got != want || e.Find("error-severity").Value() != "error" {
		c.t.Fatalf("%s: %s, want %s", op, n, want)
	}
	return e
}

// description is that of eth1 in a datastore.
func (c *client) description(store string) string {
	c.t.Helper()
	n := c.call(`<get-config><source><` + store + `/></source></get-config>`)
	for _, each := range n.Child(config.Base, "data").Child(ifSpace, "interfaces").Children {
		if each.Find("name").Value() == "eth1" {
			if d := each.Find("description"); d != nil {
				return d.Value()
			}
			return "none"
		}
	}
	return "no eth1"
}

// note waits for the next notification with this name.
func (c *client) note(name string) *xmltree.Node {
	c.t.Helper()
	for {
		var n *xmltree.Node
		if len(c.notes) > 0 {
			n, c.notes = c.notes[0], slices.Clone(c.notes[1:])
		} else {
			n = c.receive()
		}
		if len(n.Children) == 2 && n.Children[1].Name.Local == name {
			return n.Children[1]
		}
	}
}

func editOp(target, content string) string {
	return `<edit-config><target><` + target + `/></target>` + content + `</edit-config>`
}

// describe edits the description of eth1 in candidate.
func describe(text string) string {
	return editOp("candidate", `<config>`+fmt.Sprintf(interfaces, `<interface><name>eth1</name><description>`+text+`</description></interface>`)+`</config>`)
}

func parse(t testing.TB, text string) *xmltree.Node {
	t.Helper()
	n, err := xmltree.Parse([]byte(text), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	// An independent reader must take it too.
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
