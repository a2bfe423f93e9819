package netconf

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/clock"
)

// DefaultPort is that of NETCONF over SSH (RFC 6242 §6).
const DefaultPort = 830

// Defaults and limits of Config.
const (
	DefaultTimeout            = 30 * time.Second
	DefaultHelloDelay         = 50 * time.Millisecond
	DefaultMaxMessageBytes    = 64 << 20
	DefaultMaxStreamBytes     = 2 << 30
	DefaultNotificationBuffer = 256
	DefaultMaxPending         = 64
	// MaxRequestBytes bounds one request.
	MaxRequestBytes = 32 << 20
)

// Config says how to open a session. User, HostKey and one of Password and
// Signer are required by Dial; New needs none. The zero value of the others
// means their default.
type Config struct {
	// Peer names the other side in messages; Dial takes the address for "".
	Peer string
	User string
	// Password is asked when the device asks for one, by the methods password
	// and keyboard-interactive.
	Password func(context.Context) (string, error)
	Signer   ssh.Signer
	HostKey  HostKeyPolicy

	// Timeout bounds the opening of a session, and each call; its context may
	// end it earlier.
	Timeout time.Duration
	// HelloDelay is the wait between our hello and the first request; -1
	// means none.
	HelloDelay time.Duration
	// MaxMessageBytes bounds a reply or notification that is collected,
	// MaxStreamBytes any message.
	MaxMessageBytes, MaxStreamBytes int64
	// NotificationBuffer bounds the queue of notifications not yet received;
	// one that finds it full is dropped and counted.
	NotificationBuffer int
	// MaxPending bounds the requests under way; more wait.
	MaxPending int

	// Meter is told of each request before it is sent, and may delay it, and
	// of the bytes that come; nil means nobody counts.
	Meter Meter

	Clock clock.Clock  // nil means the machine's
	Log   *slog.Logger // nil means no log
}

// Meter counts what a device is asked; *ingest.Meter is one.
type Meter interface {
	// Request returns when a request may be sent, or an error if it may not.
	Request(ctx context.Context) error
	// Answered is told of bytes that came.
	Answered(bytes int)
}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.HelloDelay = cmp.Or(c.HelloDelay, DefaultHelloDelay)
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, DefaultMaxMessageBytes)
	c.MaxStreamBytes = max(cmp.Or(c.MaxStreamBytes, DefaultMaxStreamBytes), c.MaxMessageBytes)
	c.NotificationBuffer = cmp.Or(c.NotificationBuffer, DefaultNotificationBuffer)
	c.MaxPending = cmp.Or(c.MaxPending, DefaultMaxPending)
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
