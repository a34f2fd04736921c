package engine

import (
	"cmp"
	"slices"
	"strings"
)

// insertion is text that was put into a line of the script after its map was made; no text has a newline.
type insertion struct {
	line, column int // in the script as it was; before this column
	offset       int
	text         string
}

// insertions are sorted by place; those of one place keep their order.
type insertions []insertion

// original leads from a column of the changed script to the one that it was.
func (list insertions) original(line, column int) int {
	i, _ := slices.BinarySearchFunc(list, line, func(x insertion, line int) int { return cmp.Compare(x.line, line) })
	grown := 0
	for ; i < len(list) && list[i].line == line; i++ {
		if list[i].column+grown >= column {
			break
		}
		grown += min(len(list[i].text), column-list[i].column-grown)
	}
	return column - grown
}

// apply puts the texts in.
func (list insertions) apply(code string) string {
	var b strings.Builder
	last := 0
	for _, x := range list {
		b.WriteString(code[last:x.offset])
		b.WriteString(x.text)
		last = x.offset
	}
	b.WriteString(code[last:])
	return b.String()
}
