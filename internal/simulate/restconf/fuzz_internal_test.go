package restconf

import "testing"

// FuzzFields: no text of the parameter fields makes the reader panic or hang.
func FuzzFields(f *testing.F) {
	for _, s := range []string{"a;b(c/d;e)", "m:a/m:b", "((", ";;", "a/b/c(d(e(f)))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := &fieldParser{text: text}
		if list := p.list(0); len(list) == 0 {
			t.Error("no fields and no failure")
		}
	})
}
