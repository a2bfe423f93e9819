package ctl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"

	"nettwin/internal/simulate/device"
)

// A Network is what is driven; device.Network is one.
type Network interface {
	FailLink(a, b string) error
	Restore(a, b string) error
	Set(device, iface, field, value string) error
	Status() device.Status
}

// Options say what a server can do.
type Options struct {
	Network Network
	// Replay sends a recording's packets; nil means that there is nothing
	// to replay. It returns how many were sent.
	Replay func(ctx context.Context, file string, speed float64) (int, error)
	Log    *slog.Logger // may be nil
}

// A Server answers requests on a socket.
type Server struct {
	options  Options
	listener net.Listener
	stop     context.CancelFunc
	slots    chan struct{}
	wg       sync.WaitGroup
}

// Serve opens a socket at path, which only the owner can use, and answers until
// Close or until ctx is done; Close is called in either case and removes the
// socket. A socket that no process listens on any more is replaced; anything
// else at path is an error.
func Serve(ctx context.Context, path string, options Options) (*Server, error) {
	if options.Network == nil {
		return nil, fmt.Errorf("control socket: %s: no network", path)
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	listener, err := listenPrivate(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	s := &Server{options: options, listener: listener, stop: stop, slots: make(chan struct{}, MaxClients)}
	s.wg.Go(func() {
		<-ctx.Done()
		listener.Close()
	})
	s.wg.Go(func() { s.accept(ctx) })
	return s, nil
}

// removeStale removes a socket that was left behind.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s: the file is there and is no socket", path)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%s: a process listens there: end it, or use another data directory", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// listenPrivate listens at path with permission 0600 from the first moment: the
// socket is made in a private folder and moved.
func listenPrivate(ctx context.Context, path string) (net.Listener, error) {
	folder, err := os.MkdirTemp(parent(path), ".ctl-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	made := folder + "/s"
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", made)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &unlinking{listener, path, sync.Once{}}, nil
}

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if os.IsPathSeparator(path[i]) {
			return path[:i+1]
		}
	}
	return "."
}

// An unlinking listener removes its socket when it is closed.
type unlinking struct {
	net.Listener
	path string
	once sync.Once
}

func (u *unlinking) Close() error {
	err := net.ErrClosed
	u.once.Do(func() { err = errors.Join(u.Listener.Close(), os.Remove(u.path)) })
	return err
}

// Close ends the server, removes the socket and waits for what is being
// answered. Further calls do nothing.
func (s *Server) Close() error {
	s.stop()
	s.wg.Wait()
	return nil
}

func (s *Server) accept(ctx context.Context) {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			if ctx.Err() == nil {
				s.options.Log.Error("control socket ends", "error", err)
				s.stop()
			}
			return
		}
		select {
		case s.slots <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		s.wg.Go(func() {
			defer func() { <-s.slots }()
			s.converse(ctx, conn)
		})
	}
}

// converse answers a client's requests until it ends, or breaks the protocol.
func (s *Server) converse(ctx context.Context, conn net.Conn) {
	over := context.AfterFunc(ctx, func() { conn.Close() })
	defer over()
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 4096), MaxRequestBytes)
	for lines.Scan() {
		response := s.answer(ctx, lines.Bytes())
		text, err := json.Marshal(response)
		if err != nil {
			s.options.Log.Error("control answer", "error", err)
			return
		}
		if _, err := conn.Write(append(text, '\n')); err != nil {
			return
		}
	}
	if err := lines.Err(); err != nil {
		s.options.Log.Debug("control client ends", "error", err)
	}
}

func (s *Server) answer(ctx context.Context, line []byte) Response {
	request, err := decode(line)
	var response Response
	if err == nil {
		response, err = s.do(ctx, request)
	}
	if err != nil {
		return Response{Error: err.Error()}
	}
	response.OK = true
	return response
}

// decode reads a request strictly.
func decode(line []byte) (Request, error) {
	var r Request
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return r, fmt.Errorf("%w: more than one value on a line", ErrRequest)
	}
	return r, r.check()
}

func (s *Server) do(ctx context.Context, r Request) (Response, error) {
	switch r.Op {
	case FailLink:
		return Response{}, s.options.Network.FailLink(r.A, r.B)
	case Restore:
		return Response{}, s.options.Network.Restore(r.A, r.B)
	case Set:
		return Response{}, s.options.Network.Set(r.Device, r.Interface, r.Field, r.Value)
	case Replay:
		if s.options.Replay == nil {
			return Response{}, errors.New("replay: this network has nowhere to send packets to")
		}
		sent, err := s.options.Replay(ctx, r.File, r.Speed)
		return Response{Sent: sent}, err
	default: // Status; decode lets no other pass
		status := s.options.Network.Status()
		return Response{Status: &status}, nil
	}
}
