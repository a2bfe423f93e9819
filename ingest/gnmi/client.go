package gnmi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"nettwin/ingest"
)

// DefaultPort is the port that IANA assigned to gNMI.
const DefaultPort = "9339"

// The pings by which a connection is known to be alive.
const (
	pingEvery = 20 * time.Second
	pingWait  = 10 * time.Second
)

// Endpoint returns host:port of an address with or without port.
func Endpoint(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), DefaultPort
	}
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return "", fmt.Errorf("%q is no host or host:port", address)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return "", fmt.Errorf("%q has no port of TCP", address)
	}
	return net.JoinHostPort(host, port), nil
}

// client is a connection with one device.
type client struct {
	conn    *grpc.ClientConn
	stub    gnmi.GNMIClient
	host    string
	timeout time.Duration
	meter   *ingest.Meter

	mu      sync.Mutex // guards what follows
	failure error      // why the last attempt to connect failed
}

// dial makes a client; it connects when it is asked for something.
func (c *Collector) dial(t ingest.Target) (*client, error) {
	cred, err := c.opts.Credentials(t)
	if err == nil {
		err = cred.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	at, err := Endpoint(t.Address)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(at)
	config, err := cred.TLS.TLS(host)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	config.NextProtos = []string{"h2"}
	cl := &client{host: at, timeout: c.opts.Timeout, meter: t.Meter}
	if t.Timeout > 0 {
		cl.timeout = t.Timeout
	}
	// The connection is made here and not by grpc, which flattens the errors
	// of certificates to text.
	cl.conn, err = grpc.NewClient("passthrough:///"+at, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(host),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return cl.connect(ctx, config) }),
		grpc.WithPerRPCCredentials(metadata{cred.User, cred.Password}), grpc.WithNoProxy(), grpc.WithDisableServiceConfig(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingWait}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(int(c.opts.MaxMessageBytes))))
	if err != nil {
		return nil, fmt.Errorf("gnmi client: %w", err)
	}
	cl.stub = gnmi.NewGNMIClient(cl.conn)
	return cl, nil
}

func (c *client) connect(ctx context.Context, config *tls.Config) (net.Conn, error) {
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: c.timeout}, Config: config}).DialContext(ctx, "tcp", c.host)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
	return conn, err
}

// connecting is why the last attempt to connect failed, or nil.
func (c *client) connecting() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

func (c *client) close() { _ = c.conn.Close() } // nothing is left to lose

// limited bounds one request.
func (c *client) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("%w within %s", ingest.ErrTimeout, c.timeout))
}

// because is why a request failed, in the terms of the contract.
func (c *client) because(ctx context.Context, err error) error {
	// Devices are told our deadline, and theirs may be a moment before it.
	if deadline, ok := ctx.Deadline(); ok && status.Code(err) == codes.DeadlineExceeded && time.Until(deadline) < time.Second {
		<-ctx.Done()
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		if failure := c.connecting(); failure != nil {
			return fmt.Errorf("%w: %w", cause, failure)
		}
		return cause
	}
	return contract(err, c.connecting())
}
