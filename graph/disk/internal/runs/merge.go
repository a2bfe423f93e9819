package runs

import (
	"context"
	"errors"
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// checkEvery is after how many changes a merge asks whether it is to stop.
const checkEvery = 1 << 15

// mergeInMemory returns the net changes of neighbours as a run in memory, nil
// if there are none. Their rows must all be in memory.
func mergeInMemory(ctx context.Context, list []*Run) (*Run, error) {
	out := &Run{from: list[0].from, to: list[len(list)-1].to}
	v := &Version{runs: list}
	var room [2]uint64
	for _, r := range list {
		room[segment.Adds], room[segment.Deletes] = room[segment.Adds]+r.rows[segment.Adds], room[segment.Deletes]+r.rows[segment.Deletes]
	}
	for o := range graph.NumOrders {
		if o != graph.SPOG && !v.sorted(o) {
			continue
		}
		keys := [2][]Key{make([]Key, 0, room[0]), make([]Key, 0, room[1])}
		err := v.eachChange(ctx, o, func(k *Key, sign int) error {
			kind := segment.Adds
			if sign < 0 {
				kind = segment.Deletes
			}
			keys[kind] = append(keys[kind], *k)
			return nil
		})
		if err != nil {
			return nil, err
		}
		out.setKeys(segment.Adds, o, keys[segment.Adds])
		out.setKeys(segment.Deletes, o, keys[segment.Deletes])
	}
	if out.size() == 0 {
		return nil, nil
	}
	return out, nil
}

// sorted tells whether a reader asked a run for an order before: if none did,
// the merged one need not have it before somebody does.
func (v *Version) sorted(o graph.Order) bool {
	return slices.ContainsFunc(v.runs, func(r *Run) bool {
		return r.mem[segment.Adds].orders[o].sorted.Load() || r.mem[segment.Deletes].orders[o].sorted.Load()
	})
}

// eachChange calls f with the net changes of the list, sorted by o.
func (v *Version) eachChange(ctx context.Context, o graph.Order, f func(k *Key, sign int) error) error {
	sources, err := v.sources(o, &Key{}, 0, nil)
	if err != nil {
		return err
	}
	m, err := newMerger(sources)
	for n := 0; err == nil && m.sign != 0; n++ {
		if n%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := f(&m.key, m.sign); err != nil {
			return err
		}
		err = m.next()
	}
	return err
}

// mergeToDisk writes the net changes of neighbours to a new segment, nil if
// there are none. whole says that the list begins with a version's oldest run,
// so that no deletes are left over and its rows are those of a scan.
func (f *Files) mergeToDisk(ctx context.Context, num uint64, list []*Run, whole bool) (_ *Run, err error) {
	h := segment.Header{Num: num, From: list[0].from, To: list[len(list)-1].to}
	w, err := segment.NewWriter(f.FS, f.Name(num), f.Salt, h)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Abort())
		}
	}()
	v := &Version{runs: list}
	n := 0
	if whole {
		n, err = writeScan(ctx, w, v)
	} else {
		n, err = writeChanges(ctx, w, v)
	}
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, w.Abort()
	}
	if _, err = w.Finish(); err != nil {
		return nil, err
	}
	return f.Open(num)
}

// writeScan writes the version's quads in all orders. Blocks of the largest
// run that no change falls into are taken over as they are.
func writeScan(ctx context.Context, w *segment.Writer, v *Version) (rows int, err error) {
	for o := range graph.NumOrders {
		if err := w.Begin(o, segment.Adds); err != nil {
			return 0, err
		}
		w.Keeping()
		c, err := v.Scan(graph.Pattern{}, o)
		if err != nil {
			return 0, err
		}
		n, err := writeOrder(ctx, w, c)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

// writeOrder writes what a cursor over all rows of an order yields.
func writeOrder(ctx context.Context, w *segment.Writer, c *Cursor) (rows int, err error) {
	c.size, c.byBlock = graph.ChunkRows, true
	for {
		kept, err := c.keep(ctx, w)
		if err != nil {
			return 0, err
		}
		rows += kept
		chunk, err := c.Next(ctx)
		if chunk == nil || err != nil {
			return rows, err
		}
		rows += chunk.Len()
		cols := [4][]graph.TermID{chunk.Cols[c.pos[0]], chunk.Cols[c.pos[1]], chunk.Cols[c.pos[2]], chunk.Cols[c.pos[3]]}
		if err := w.Append(&cols); err != nil {
			return 0, err
		}
	}
}

// keep moves over the blocks of the largest run that come next and have no
// changes, and puts them into w.
func (c *Cursor) keep(ctx context.Context, w *segment.Writer) (rows int, err error) {
	for c.at == c.n && c.hasMain {
		i, last, ok := c.main.Whole()
		if !ok || c.deltas.sign != 0 && compare(&c.deltas.key, last) <= 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		before := c.main.Row()
		if err := w.Keep(c.main.Section(), i); err != nil {
			return 0, err
		}
		c.main.SkipBlock()
		rows += int(c.main.Row() - before)
	}
	return rows, nil
}

// writeChanges writes the net adds and deletes in all orders.
func writeChanges(ctx context.Context, w *segment.Writer, v *Version) (rows int, err error) {
	room := int(min(graph.ChunkRows, v.size()))
	buf := columns(room)
	for kind, want := range [2]int{segment.Adds: 1, segment.Deletes: -1} {
		for o := range graph.NumOrders {
			if err := w.Begin(o, segment.Kind(kind)); err != nil {
				return 0, err
			}
			n := 0
			flush := func() error {
				cols := buf
				for i := range cols {
					cols[i] = cols[i][:n]
				}
				rows, n = rows+n, 0
				return w.Append(&cols)
			}
			err := v.eachChange(ctx, o, func(k *Key, sign int) error {
				if sign != want {
					return nil
				}
				for i := range buf {
					buf[i][n] = k[i]
				}
				if n++; n == room {
					return flush()
				}
				return nil
			})
			if err == nil {
				err = flush()
			}
			if err != nil {
				return 0, err
			}
		}
	}
	return rows, nil
}

// size adds up the rows of all runs.
func (v *Version) size() (sum uint64) {
	for _, r := range v.runs {
		sum += r.size()
	}
	return sum
}
