package config

import "strings"

// nearest returns the word that a misspelt one most likely means: at most a
// third of its letters are wrong, not counting case, "-" and "_".
func nearest(wrong string, words []string) (string, bool) {
	wrong = plainWord(wrong)
	best, distance := "", len(wrong)/3+1
	if len(wrong) < 3 {
		distance = 1
	}
	for _, word := range words {
		if d := editDistance(wrong, plainWord(word)); d < distance {
			best, distance = word, d
		}
	}
	return best, best != ""
}

var plainer = strings.NewReplacer("-", "", "_", "")

func plainWord(s string) string { return plainer.Replace(strings.ToLower(s)) }

// editDistance counts the letters to insert, delete, replace or swap with the
// next (optimal string alignment).
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
