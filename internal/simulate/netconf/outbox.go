package netconf

import (
	"io"
	"sync"
)

// An outbox holds framed messages until the client takes them.
type outbox struct {
	mu     sync.Mutex
	change *sync.Cond
	queue  [][]byte
	bytes  int
	ending bool // nothing more comes; what is there is still sent
	dead   bool // nothing is sent any more
}

func newOutbox() *outbox {
	b := &outbox{}
	b.change = sync.NewCond(&b.mu)
	return b
}

// put adds a message and waits while too much is waiting, so that a client who
// does not read is not served on.
func (b *outbox) put(message []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.bytes > maxQueueBytes && !b.ending && !b.dead {
		b.change.Wait()
	}
	b.add(message)
}

// offer adds a message, unless too much is waiting.
func (b *outbox) offer(message []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes > maxQueueBytes {
		return false
	}
	b.add(message)
	return true
}

func (b *outbox) add(message []byte) {
	if b.ending || b.dead {
		return
	}
	b.queue = append(b.queue, message)
	b.bytes += len(message)
	b.change.Broadcast()
}

// end lets send return once all is sent.
func (b *outbox) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ending = true
	b.change.Broadcast()
}

// kill lets send return at once.
func (b *outbox) kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead = true
	b.change.Broadcast()
}

// send writes messages until end or kill, or until the writer fails.
func (b *outbox) send(to io.Writer) {
	for {
		message, ok := b.take()
		if !ok {
			return
		}
		if _, err := to.Write(message); err != nil {
			b.kill()
			return
		}
	}
}

func (b *outbox) take() ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) == 0 && !b.ending && !b.dead {
		b.change.Wait()
	}
	if b.dead || len(b.queue) == 0 {
		return nil, false
	}
	message := b.queue[0]
	b.queue = b.queue[1:]
	b.bytes -= len(message)
	b.change.Broadcast()
	return message, true
}
