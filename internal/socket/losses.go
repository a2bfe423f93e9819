// Package socket tells of sockets what package net does not: how many datagrams
// the kernel threw away because nobody read them in time. A listener that counts
// only what it reads would lose those in silence.
package socket

import (
	"sync"
	"syscall"
)

// Losses counts what the kernel dropped at one socket. It is safe for concurrent
// use; a nil Losses counts nothing.
type Losses struct {
	conn syscall.RawConn

	mu   sync.Mutex // guards what follows
	last uint32     // as the kernel said, which counts on from 0 after 2^32
	sum  uint64
}

// Watch begins to count at a socket; what it dropped before counts too.
func Watch(c syscall.Conn) *Losses {
	conn, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return &Losses{conn: conn}
}

// Count is how many datagrams were dropped so far. Where the system does not
// tell it is 0; of a closed socket it stays what it was.
func (l *Losses) Count() uint64 {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now, ok := dropped(l.conn); ok {
		l.sum += uint64(now - l.last)
		l.last = now
	}
	return l.sum
}
