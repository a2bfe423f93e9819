package ipfix

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// loadRoles reads element, role, slot and detail.
func (t *Tables) loadRoles(fsys fs.FS, file string) error {
	var rows []*Field
	slots := map[string]int{}
	err := lines(fsys, file, 4, func(cells []string) error {
		f, err := t.role(cells, slots)
		rows = append(rows, f)
		return err
	})
	if err != nil {
		return err
	}
	t.keysFirst(rows)
	t.order = rows
	t.reverse(rows)
	return t.checkSlots(file)
}

func (t *Tables) role(cells []string, slots map[string]int) (*Field, error) {
	e := t.byName[cells[0]]
	if e == nil {
		return nil, fmt.Errorf("%q is no element of %s", cells[0], elementFiles)
	}
	if t.fields[e.ID] != nil {
		return nil, fmt.Errorf("%s has a role already", e.Name)
	}
	role, ok := roleNames[cells[1]]
	if !ok {
		return nil, fmt.Errorf("%s: role %q is not known", e.Name, cells[1])
	}
	detail, ok := detailNames[cells[3]]
	if !ok {
		return nil, fmt.Errorf("%s: detail %q is not known", e.Name, cells[3])
	}
	f := &Field{Element: e, Role: role, Slot: -1, Detail: detail}
	if err := f.check(); err != nil {
		return nil, err
	}
	if slot := absent(cells[2]); slot != "" {
		i, ok := slots[slot]
		if !ok {
			i = len(t.slots)
			if i == maxSlots {
				return nil, fmt.Errorf("slot %s: at most %d slots", slot, maxSlots)
			}
			slots[slot] = i
			t.slots = append(t.slots, Slot{Name: slot, key: f.isKey()})
		}
		f.Slot = i
		if t.slots[i].key != f.isKey() {
			return nil, fmt.Errorf("%s: slot %s is both of a key and of a counter", e.Name, slot)
		}
		s := &t.slots[i]
		if role == Counter && s.Delta == nil {
			s.Delta = e
		}
		if role == Total && s.Total == nil {
			s.Total = e
		}
	}
	if f.slotted() != (f.Slot >= 0) {
		return nil, fmt.Errorf("%s: keys, interfaces, counters and totals have a slot, other roles have none", e.Name)
	}
	t.fields[e.ID] = f
	return f, nil
}

// check holds the role against the type of the element.
func (f *Field) check() error {
	integer := f.Element.Type == Unsigned
	switch f.Role {
	case Counter, ReverseCounter, Total, ReverseTotal, Interface, Sampler:
		if !integer {
			return fmt.Errorf("%s: role needs an unsigned element", f.Element.Name)
		}
	case Start, End:
		relative := f.Detail == Uptime || f.Detail == BeforeExport
		absolute := f.Detail == NoDetail && f.Element.Type >= Seconds && f.Element.Type <= Nanoseconds
		if !(relative && integer) && !absolute {
			return fmt.Errorf("%s: a time is of a dateTime type, or unsigned with the detail uptime or before-export", f.Element.Name)
		}
		return nil
	case Boot:
		if f.Element.Type != Milliseconds {
			return fmt.Errorf("%s: boot needs an element in milliseconds", f.Element.Name)
		}
	case Sampling:
		if f.Detail < Interval || (f.Detail == Probability) != (f.Element.Type == Float) {
			return fmt.Errorf("%s: sampling needs a detail that fits the type", f.Element.Name)
		}
		return nil
	case Key:
		if f.Element.Type == List || f.Element.Type == Float {
			return fmt.Errorf("%s: a list or a float cannot be a key", f.Element.Name)
		}
	}
	if f.Detail != NoDetail {
		return fmt.Errorf("%s: only times and sampling have a detail", f.Element.Name)
	}
	return nil
}

func (f *Field) isKey() bool { return f.Role == Key || f.Role == Interface }

func (f *Field) slotted() bool {
	switch f.Role {
	case Key, Interface, Counter, ReverseCounter, Total, ReverseTotal:
		return true
	}
	return false
}

// keysFirst sorts the slots and keeps their order otherwise.
func (t *Tables) keysFirst(rows []*Field) {
	var order []int
	for _, key := range []bool{true, false} {
		for i, s := range t.slots {
			if s.key == key {
				order = append(order, i)
			}
		}
	}
	sorted := make([]Slot, len(order))
	for to, from := range order {
		sorted[to] = t.slots[from]
		if sorted[to].key {
			t.keys++
		}
	}
	for _, f := range rows {
		if f.Slot >= 0 {
			f.Slot = slices.Index(order, f.Slot)
		}
	}
	t.slots = sorted
}

// reverse adds the roles of the reverse elements of counters (RFC 5103 §6.1).
func (t *Tables) reverse(rows []*Field) {
	other := map[Role]Role{Counter: ReverseCounter, Total: ReverseTotal}
	for _, f := range rows {
		if role, ok := other[f.Role]; ok && f.Element.Enterprise == 0 {
			r := *f
			r.Role = role
			t.fields[ID{ReverseEnterprise, f.Element.Number}] = &r
		}
	}
}

func (t *Tables) checkSlots(file string) error {
	if t.keys == 0 {
		return fmt.Errorf("%s: %w", file, errors.New("no element is a key"))
	}
	for _, s := range t.slots[t.keys:] {
		if s.Delta == nil || s.Total == nil {
			return fmt.Errorf("%s: slot %s needs a counter and a total, which state what one window brought and what came in all", file, s.Name)
		}
	}
	return nil
}
