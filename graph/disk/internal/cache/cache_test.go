package cache

import (
	"sync"
	"testing"
)

// Goal: the limit holds, what is read stays longer than what is not, dropped
// slots leave nothing behind. Method: a hundred slots of one byte in a cache
// of ten, with one that is read all the time.
func TestLimit(t *testing.T) {
	c := New(10)
	slots := make([]Slot[int], 100)
	for i := range slots {
		v := i
		Put(c, &slots[i], &v, 1)
		if got := slots[i].value.Load(); got == nil || *got != i {
			t.Fatalf("slot %d lost what was just placed", i)
		}
		if slots[0].Get() == nil {
			t.Fatalf("the hot slot was let go after %d", i)
		}
		if n := c.SizeBytes(); n > 10 {
			t.Fatalf("%d bytes", n)
		}
	}
	there := 0
	for i := range slots {
		if slots[i].Get() != nil {
			there++
		}
	}
	if there != 10 || c.Reads() != 100 {
		t.Errorf("%d slots filled, %d reads", there, c.Reads())
	}
	Drop(c, slots)
	if c.SizeBytes() != 0 || slots[0].Get() != nil {
		t.Errorf("%d bytes are left", c.SizeBytes())
	}
}

// Goal: many goroutines placing the same piece get one of them, and the size
// stays right. Method: eight of them on slots that push each other out.
func TestConcurrentPut(t *testing.T) {
	c := New(50)
	slots := make([]Slot[int], 100)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				at := (i*7 + g) % len(slots)
				if v := slots[at].Get(); v == nil {
					Put(c, &slots[at], &at, 1)
				} else if *v != at {
					t.Errorf("slot %d holds %d", at, *v)
				}
			}
		})
	}
	wg.Wait()
	n := int64(0)
	for i := range slots {
		if slots[i].Get() != nil {
			n++
		}
	}
	if c.SizeBytes() != n || n > 50 {
		t.Errorf("size %d, %d filled", c.SizeBytes(), n)
	}
}
