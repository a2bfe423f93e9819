package items

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"nettwin/graph/vfs"
	"nettwin/naming"
)

const lockName = "LOCK"

// Recovery tells what Open found after the last writer stopped.
type Recovery struct {
	CutBytes int64  // that were never acknowledged
	Pack     string // where, if CutBytes is not 0
	Offset   int64
}

// Recovered tells what Open cut off.
func (s *Store) Recovered() Recovery { return s.recovery }

// Open opens the store in dir and makes the directory if it is absent (not
// with ReadOnly). It reads the headers of all records, hashes what no mark
// covers and cuts off what was never acknowledged. Errors: vfs.ErrLocked if
// another process writes the directory.
func Open(dir string, opts Options) (*Store, error) {
	if opts.FS == nil {
		opts.FS = vfs.OS()
	}
	if opts.MaxItemBytes == 0 {
		opts.MaxItemBytes = DefaultMaxItemBytes
	}
	if opts.MaxPackBytes == 0 {
		opts.MaxPackBytes = DefaultMaxPackBytes
	}
	s := &Store{opts: opts, dir: dir, index: map[naming.Name]entry{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open() (err error) {
	fsys := s.opts.FS
	if !s.opts.ReadOnly {
		if err := fsys.MkdirAll(s.dir); err != nil {
			return fmt.Errorf("items: open: %w", err)
		}
		if err := fsys.SyncDir(filepath.Dir(s.dir)); err != nil {
			return fmt.Errorf("items: open: %w", err)
		}
		if s.lock, err = fsys.Lock(filepath.Join(s.dir, lockName)); err != nil {
			return fmt.Errorf("items: open: %w", err)
		}
	}
	m, err := readMark(fsys, s.dir)
	if err != nil {
		return err
	}
	packs, err := s.packNames()
	if err != nil {
		return err
	}
	var repairs []repair
	for i, name := range packs {
		r, err := s.load(name, m.covers, i+1)
		if err != nil {
			return err
		}
		repairs = append(repairs, r)
	}
	if s.opts.ReadOnly {
		return nil
	}
	for i, r := range repairs {
		if err := s.repair(s.packs[i], r); err != nil {
			return err
		}
	}
	if n := len(repairs); n > 0 && repairs[n-1].leave && len(s.packs) == n {
		if err := s.nextPack(); err != nil {
			return err
		}
	}
	s.marks, err = newMarker(fsys, s.dir, s.mark())
	return err
}

func (s *Store) packNames() ([]string, error) {
	names, err := s.opts.FS.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("items: open: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { _, ok := packNumber(name); return !ok })
	for i, name := range names {
		if name != packName(i+1) {
			return nil, fmt.Errorf("items: open %s: pack %s is missing: restore it from a backup", s.dir, packName(i+1))
		}
	}
	return names, nil
}

// repair is what to do about a pack: cut it where bytes begin that were never
// acknowledged (-1: nowhere), and save the good records behind them; or leave
// it alone, because it ends in damage and what is appended there could be
// taken for the rest of a damaged record.
type repair struct {
	torn  int64
	after []naming.Name
	leave bool
}

// load reads one pack into the index.
func (s *Store) load(name string, covers func(number int, size int64) int64, number int) (repair, error) {
	r := repair{torn: -1}
	p, err := openPack(s.opts.FS, s.dir, name, !s.opts.ReadOnly)
	if err != nil {
		return r, err
	}
	s.packs = append(s.packs, p)
	if p.end, err = p.file.Size(); err != nil {
		return r, fmt.Errorf("items: open %s: %w", p.path, err)
	}
	covered := covers(number, p.end)
	err = p.scan(covered, func(f found) {
		switch {
		case f.hole == 0:
			s.add(f.name, entry{pack: number - 1, offset: f.offset, size: f.size, kind: f.kind})
			if r.torn >= 0 {
				r.after = append(r.after, f.name)
			}
		case f.offset < covered:
			s.damaged(p, f.offset, fmt.Sprintf("%d bytes are no record", f.hole))
			r.leave = f.offset+f.hole == p.end
		case r.torn < 0:
			r.torn = f.offset
			s.recovery = Recovery{CutBytes: s.recovery.CutBytes + f.hole, Pack: p.path, Offset: f.offset}
		default:
			s.recovery.CutBytes += f.hole
		}
	})
	if p.end < covered {
		s.damaged(p, p.end, fmt.Sprintf("the file ends %d bytes early", covered-p.end))
		r.leave = true
	}
	return r, err
}

func (s *Store) damaged(p *pack, offset int64, reason string) {
	s.damage = append(s.damage, &CorruptError{Pack: p.path, Offset: offset, Reason: reason})
}

// repair cuts a pack where it is torn. Good records behind that place, which
// a crash of the machine can leave, move to a new pack first.
func (s *Store) repair(p *pack, r repair) error {
	if len(r.after) > 0 {
		if err := s.move(r.after); err != nil {
			return fmt.Errorf("items: repair: %w", err)
		}
	}
	if r.torn >= 0 {
		if err := p.cut(r.torn); err != nil {
			return err
		}
	}
	if p.end > 0 {
		return nil
	}
	if err := p.append([]byte(packHead)); err != nil {
		return fmt.Errorf("items: begin pack: %w", err)
	}
	return nil
}

// move writes items that are in the index to a new pack.
func (s *Store) move(names []naming.Name) error {
	if err := s.nextPack(); err != nil {
		return err
	}
	number := len(s.packs) - 1
	p := s.packs[number]
	var buf []byte
	for i, name := range names {
		it, err := s.Get(name)
		if err != nil {
			return err
		}
		s.add(name, entry{pack: number, offset: p.end + int64(len(buf)), size: int64(len(it.Bytes)), kind: it.Kind})
		buf = appendRecord(buf, it.Kind, name, it.Bytes)
		if len(buf) < MaxBatchBytes && i < len(names)-1 {
			continue
		}
		if err := p.append(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}
