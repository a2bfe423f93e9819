package ctl

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
)

// ErrRefused is wrapped by Call's error when the server could not do what was
// asked.
var ErrRefused = errors.New("refused")

// Call makes one request on the socket at path and returns the answer. It waits
// until the request is done, which for Replay is the length of the recording.
func Call(ctx context.Context, path string, request Request) (Response, error) {
	var response Response
	if err := request.check(); err != nil {
		return response, fmt.Errorf("control: %w", err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return response, fmt.Errorf("control: %w (is the simulation running with this data directory?)", err)
	}
	defer conn.Close()
	over := context.AfterFunc(ctx, func() { conn.Close() })
	defer over()
	text, err := json.Marshal(request)
	if err != nil {
		return response, fmt.Errorf("control: %w", err)
	}
	if _, err := conn.Write(append(text, '\n')); err != nil {
		return response, fmt.Errorf("control: %w", errors.Join(ctx.Err(), err))
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 4096), MaxResponseBytes)
	if !lines.Scan() {
		return response, fmt.Errorf("control: no answer: %w", errors.Join(ctx.Err(), lines.Err()))
	}
	if err := json.Unmarshal(lines.Bytes(), &response); err != nil {
		return response, fmt.Errorf("control: answer: %w", err)
	}
	if !response.OK {
		return response, fmt.Errorf("control: %s: %w: %s", request.Op, ErrRefused, response.Error)
	}
	return response, nil
}
