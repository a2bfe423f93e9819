package netconf_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nettwin/internal/netconf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is the server's end of a session, with its own simple framing.
type scripted struct {
	t       *testing.T
	conn    io.ReadWriteCloser
	in      *bufio.Reader
	chunked bool
}

const (
	cap10       = "urn:ietf:params:netconf:base:1.0"
	cap11       = "urn:ietf:params:netconf:base:1.1"
	capPrefix   = "urn:ietf:params:netconf:capability:"
	replyPrefix = `<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="`
)

// allCapabilities are what a complete server of RFC 6241 announces.
var allCapabilities = []string{cap10, cap11, capPrefix + "candidate:1.0", capPrefix + "confirmed-commit:1.0",
	capPrefix + "confirmed-commit:1.1", capPrefix + "validate:1.1", capPrefix + "rollback-on-error:1.0",
	capPrefix + "writable-running:1.0", capPrefix + "startup:1.0", capPrefix + "xpath:1.0",
	capPrefix + "notification:1.0", capPrefix + "interleave:1.0",
	capPrefix + "with-defaults:1.0?basic-mode=explicit&also-supported=report-all"}

// helloText is a server's hello with session-id 7.
func helloText(capabilities ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities>`)
	for _, c := range capabilities {
		b.WriteString("<capability>\n" + strings.ReplaceAll(c, "&", "&amp;") + " </capability>")
	}
	b.WriteString("</capabilities><session-id>7</session-id></hello>")
	return b.String()
}

// read returns the next message; "" at the end.
func (p *scripted) read() string {
	if !p.chunked {
		var b []byte
		for !bytes.HasSuffix(b, []byte("]]>]]>")) {
			c, err := p.in.ReadByte()
			if err != nil {
				return ""
			}
			b = append(b, c)
		}
		return string(b[:len(b)-6])
	}
	var b []byte
	for {
		line, err := p.in.ReadString('\n') // the empty line before #
		if err == nil {
			line, err = p.in.ReadString('\n')
		}
		if err != nil {
			return ""
		}
		if line == "##\n" {
			return string(b)
		}
		n, err := strconv.Atoi(strings.Trim(line, "#\n"))
		if err != nil {
			p.t.Errorf("server: chunk header %q", line)
			return ""
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(p.in, chunk); err != nil {
			return ""
		}
		b = append(b, chunk...)
	}
}

// write sends a message, in chunks of 7 bytes where chunks are in use.
func (p *scripted) write(text string) {
	var b strings.Builder
	if !p.chunked {
		b.WriteString(text + "]]>]]>")
	} else {
		for len(text) > 0 {
			n := min(7, len(text))
			fmt.Fprintf(&b, "\n#%d\n%s", n, text[:n])
			text = text[n:]
		}
		b.WriteString("\n##\n")
	}
	io.WriteString(p.conn, b.String())
}

var messageID = regexp.MustCompile(`message-id="(\d+)"`)

// request reads a request and returns its message-id and its operation.
func (p *scripted) request() (id, op string) {
	text := p.read()
	m := messageID.FindStringSubmatch(text)
	if m == nil {
		return "", ""
	}
	op = text[strings.Index(text, ">")+1:] // behind the declaration
	op = op[strings.Index(op, ">")+1:]
	return m[1], strings.TrimSuffix(op, "</rpc>")
}

func (p *scripted) reply(id, body string) { p.write(replyPrefix + id + `">` + body + `</rpc-reply>`) }

// answer replies to every request with what f returns, until the end.
func (p *scripted) answer(f func(op string) string) {
	for {
		id, op := p.request()
		if id == "" {
			return
		}
		p.reply(id, f(op))
	}
}

// start opens a session with a scripted server over a pipe. The script runs
// after the hellos.
func start(t *testing.T, capabilities []string, change func(*netconf.Config), script func(*scripted)) *netconf.Session {
	t.Helper()
	s, err := open(t, helloText(capabilities...), change, script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func open(t *testing.T, hello string, change func(*netconf.Config), script func(*scripted)) (*netconf.Session, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer theirs.Close()
		p := &scripted{t: t, conn: theirs, in: bufio.NewReader(theirs)}
		go io.WriteString(theirs, hello+"]]>]]>")
		clientHello := p.read()
		p.chunked = strings.Contains(hello, cap11)
		if !strings.Contains(clientHello, cap10) || !strings.Contains(clientHello, cap11) {
			if clientHello != "" {
				t.Errorf("client's hello: %s", clientHello)
			}
			return
		}
		script(p)
	}()
	t.Cleanup(func() { theirs.Close(); <-ended })
	cfg := netconf.Config{Peer: "r1", HelloDelay: -1, Timeout: 10 * time.Second}
	if change != nil {
		change(&cfg)
	}
	return netconf.New(t.Context(), ours, cfg)
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
