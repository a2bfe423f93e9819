package protocol

import "io/fs"

// SavedText returns the text of the saved query name of a folder, its
// parameters filled in as a request to SavedPath fills them in. Errors:
// fs.ErrNotExist, a parameter that is missing or no term.
func SavedText(saved fs.FS, name, base string, get func(param string) string) (string, error) {
	h := Handler{opt: Options{Saved: saved}}
	q, err := h.readSaved(name + ".rq")
	if err != nil {
		return "", err
	}
	return q.fill(base, get)
}
