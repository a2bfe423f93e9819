package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// Limits of a table for people.
const (
	maxTableRows = 10_000
	maxCellRunes = 120
)

// writeTable writes solutions as an aligned table. Values are shown plainly;
// other formats keep their types.
func writeTable(ctx context.Context, w io.Writer, result *results.Result) error {
	rows, more := [][]string{}, false
	widths := make([]int, len(result.Vars))
	for i, name := range result.Vars {
		widths[i] = utf8.RuneCountInString(name)
	}
	for {
		row, err := result.Rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if more = len(rows) == maxTableRows; more {
			break
		}
		cells := make([]string, len(row))
		for i, term := range row {
			cells[i] = cell(term)
			widths[i] = max(widths[i], utf8.RuneCountInString(cells[i]))
		}
		rows = append(rows, cells)
	}
	var b strings.Builder
	line(&b, result.Vars, widths)
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("─", width)
	}
	line(&b, rule, widths)
	for _, row := range rows {
		line(&b, row, widths)
	}
	unit := "rows"
	if len(rows) == 1 {
		unit = "row"
	}
	fmt.Fprintf(&b, "%d %s", len(rows), unit)
	if more {
		b.WriteString(" shown, there are more: use --format csv or tsv for all")
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// columns writes rows of text as an aligned table.
func columns(b *strings.Builder, head []string, rows [][]string) {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, row := range append([][]string{head}, rows...) {
		line(b, row, widths)
	}
}

func line(b *strings.Builder, cells []string, widths []int) {
	for i, text := range cells {
		b.WriteString(text)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2))
		}
	}
	b.WriteByte('\n')
}

func cell(t rdf.Term) string {
	text := t.Value()
	if t.IsBNode() {
		text = "_:" + text
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) > maxCellRunes {
		text = string([]rune(text)[:maxCellRunes-1]) + "…"
	}
	return text
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}
