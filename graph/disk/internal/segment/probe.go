package segment

// Prober asks a section for keys that ascend, so that neighbours share the
// search in the directory and the block. It belongs to one goroutine.
type Prober struct {
	sec   *Section
	at    int    // blocks before end before the last key
	block *block // number at, once it was needed
	row   int    // rows of it before are less than the last key
}

// Prober returns a Prober.
func (s *Section) Prober() Prober { return Prober{sec: s} }

// Has tells whether k, which is not less than the key before, is a row.
func (p *Prober) Has(k *Key) (bool, error) {
	x := p.sec.index
	if n := len(x.last); p.at == n || compare(&x.last[p.at], k) < 0 {
		if p.at = p.skip(k); p.at == n {
			return false, nil
		}
		p.block, p.row = nil, 0
	}
	if compare(&x.first[p.at], k) > 0 {
		return false, nil
	}
	if p.block == nil {
		b, err := p.sec.block(p.at)
		if err != nil {
			return false, err
		}
		p.block = b
	}
	p.row = p.block.lowerNear(p.row, k)
	return p.row < p.block.rows && p.block.key(p.row) == *k, nil
}

// skip returns the first block that does not end before k, looking in growing
// steps from the current one.
func (p *Prober) skip(k *Key) int {
	last := p.sec.index.last
	lo, hi, step := p.at, p.at, 1
	for hi < len(last) && compare(&last[hi], k) < 0 {
		lo, hi = hi+1, hi+step
		step *= 2
	}
	hi = min(hi, len(last))
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if compare(&last[mid], k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// lowerNear is lower for a row that is near from more often than not.
func (k *block) lowerNear(from int, key *Key) int {
	step := 1
	for from+step <= k.rows && k.less(from+step-1, key) {
		from += step
		step *= 4
	}
	to := min(from+step, k.rows)
	for from < to {
		mid := int(uint(from+to) >> 1)
		if k.less(mid, key) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}
