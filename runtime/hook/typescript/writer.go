package typescript

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// writer writes indented lines.
type writer struct {
	strings.Builder
	depth int
}

func (w *writer) line(text string) {
	if text != "" {
		w.WriteString(strings.Repeat("  ", w.depth))
	}
	w.WriteString(text)
	w.WriteByte('\n')
}

func (w *writer) open(text string) {
	w.line(text)
	w.depth++
}

func (w *writer) close(text string) {
	w.depth--
	w.line(text)
}

// doc writes a comment. Its text has names and values of a stranger's configuration, which must not end it.
func (w *writer) doc(text string) {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text))
	if text != "" {
		w.line("/** " + strings.ReplaceAll(text, "*/", "* /") + " */")
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// member writes a member's name.
func member(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return quoted(name)
}

// quoted writes text as a literal, in ASCII: nothing in it turns the reading direction of what follows.
func quoted(text string) string {
	out := []byte{'"'}
	for _, r := range text {
		if r >= ' ' && r <= '~' && r != '"' && r != '\\' {
			out = append(out, byte(r))
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, "\\u%04x", unit)
		}
	}
	return string(append(out, '"'))
}
