package yang

// Of returns the type that a value has, through leafrefs and the members of
// unions: the first that it is a value of, as YANG has it (RFC 7950 §9.12).
func (t *Type) Of(text string, resolve func(prefix string) (string, bool)) *Type {
	for range maxDepth {
		switch {
		case t.Base == "leafref" && t.target != nil && t.target.Type != nil:
			t = t.target.Type
		case t.Base == "union":
			next := t
			for _, m := range t.members {
				if _, err := m.Canonical(text, resolve); err == nil {
					next = m
					break
				}
			}
			if next == t {
				return t
			}
			t = next
		default:
			return t
		}
	}
	return t
}
