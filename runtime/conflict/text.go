package conflict

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is the longest text that is merged, and maxTokens the most lines or words; what is larger is
// replaced whole.
const (
	maxText   = 1 << 20
	maxTokens = 50_000
)

// mergeText merges line by line, and word by word where both sides changed the same lines. Where they
// changed the same words the device's stand, and where both added words at one place, both stand: the
// stored ones first. A text that one side cleared is no text to merge with.
func (c *Change) mergeText() Resolved {
	base, okBase := c.Base.(string)
	server, okServer := c.Server.(string)
	client, okClient := c.Client.(string)
	okBase = okBase || c.Base == nil
	if !okBase || !okServer || !okClient || server == "" || client == "" || len(base) > maxText || len(server) > maxText || len(client) > maxText {
		return c.take(c.Client, c.conflicts())
	}
	return c.take(mergeLines(base, server, client), true)
}

// mergeLines is diff3 (S. Khanna, K. Kunal, B. Pierce, "A Formal Investigation of Diff3", 2007) over
// lines; conflicts are merged by words.
func mergeLines(base, server, client string) string {
	return merge3Texts(base, server, client, lines, func(base, server, client string) string {
		return merge3Texts(base, server, client, words, bothWords)
	})
}

// bothWords settles words that both sides changed.
func bothWords(base, server, client string) string {
	switch {
	case base != "", strings.HasPrefix(client, server), strings.HasSuffix(client, server):
		return client
	case strings.HasPrefix(server, client), strings.HasSuffix(server, client):
		return server
	}
	return server + client
}

// merge3Texts cuts three texts into tokens and merges their changes; settle decides where both sides
// changed the same stretch of the base.
func merge3Texts(base, server, client string, cut func(string) []string, settle func(base, server, client string) string) string {
	m := merging{base: cut(base), server: cut(server), client: cut(client), settle: settle}
	if len(m.base)+len(m.server)+len(m.client) > maxTokens {
		return settleWhole(base, server, client)
	}
	ids := make(map[string]int)
	b := numbered(ids, m.base)
	m.merge(diff(b, numbered(ids, m.server)), diff(b, numbered(ids, m.client)))
	return m.out.String()
}

func settleWhole(base, server, client string) string {
	if base == client {
		return server
	}
	return client
}

// numbered gives each token a number, equal ones the same.
func numbered(ids map[string]int, tokens []string) []int {
	out := make([]int, len(tokens))
	for i, t := range tokens {
		id, known := ids[t]
		if !known {
			id = len(ids)
			ids[t] = id
		}
		out[i] = id
	}
	return out
}

type merging struct {
	base, server, client []string
	settle               func(base, server, client string) string
	out                  strings.Builder
}

// merge walks both lists of changes along the base. Changes of one side that no change of the other
// meets are taken; changes that meet are widened to one stretch and settled.
//
//	base    ──────────[ab]────[c]──────────[ef]───
//	server  ──────────[AB]──────────────────[F]───
//	client  ──────────────────[X]──────────[EF]───
//	            taken ^   taken ^    settled ^
func (m *merging) merge(server, client []hunk) {
	pos := 0
	for len(server) > 0 || len(client) > 0 {
		var mine, theirs []hunk // of this stretch
		stretch := next(server, client)
		m.write(m.base[pos:stretch.from])
		for grown := true; grown; {
			grown = false
			for len(server) > 0 && meets(server[0], stretch, len(theirs) > 0) {
				stretch.to = max(stretch.to, server[0].to)
				theirs, server, grown = append(theirs, server[0]), server[1:], true
			}
			for len(client) > 0 && meets(client[0], stretch, len(mine) > 0) {
				stretch.to = max(stretch.to, client[0].to)
				mine, client, grown = append(mine, client[0]), client[1:], true
			}
		}
		was := m.base[stretch.from:stretch.to]
		switch s, c := side(m.server, theirs, stretch), side(m.client, mine, stretch); {
		case len(mine) == 0:
			m.write(s)
		case len(theirs) == 0:
			m.write(c)
		default:
			m.both(strings.Join(was, ""), strings.Join(s, ""), strings.Join(c, ""))
		}
		pos = stretch.to
	}
	m.write(m.base[pos:])
}

func (m *merging) both(base, server, client string) {
	switch {
	case server == client, base == server:
		m.out.WriteString(client)
	case base == client:
		m.out.WriteString(server)
	default:
		m.out.WriteString(m.settle(base, server, client))
	}
}

func (m *merging) write(tokens []string) {
	for _, t := range tokens {
		m.out.WriteString(t)
	}
}

// next is the stretch of the first change. Of two that begin together, an insertion comes first, for
// it lies before what the other side changed.
func next(server, client []hunk) hunk {
	switch {
	case len(server) == 0:
		return client[0]
	case len(client) == 0:
		return server[0]
	case client[0].from < server[0].from, client[0].from == server[0].from && client[0].to < server[0].to:
		return client[0]
	}
	return server[0]
}

// meets reports whether a change belongs to the stretch: it overlaps it, or both are insertions at one
// place. Changes that only touch do not meet. begun: the stretch has a change of this side already,
// whose next change cannot be at the same place.
func meets(h, stretch hunk, begun bool) bool {
	if h.from == stretch.from && h.to == stretch.to {
		return !begun
	}
	return h.from < stretch.to && h.to > stretch.from
}

// side gives one side's tokens of a stretch: its changes, and the unchanged tokens between them.
func side(tokens []string, hunks []hunk, stretch hunk) []string {
	if len(hunks) == 0 {
		return nil
	}
	first, last := hunks[0], hunks[len(hunks)-1]
	return tokens[first.start-(first.from-stretch.from) : last.end+(stretch.to-last.to)]
}

// lines cuts after each line feed.
func lines(s string) []string {
	if s == "" {
		return nil
	}
	cut := strings.SplitAfter(s, "\n")
	if cut[len(cut)-1] == "" {
		cut = cut[:len(cut)-1]
	}
	return cut
}

// words cuts into runs of letters, digits and marks, runs of blanks, and single other characters.
// Scripts without blanks between words are cut into characters.
func words(s string) []string {
	var out []string
	for start := 0; start < len(s); {
		r, size := utf8.DecodeRuneInString(s[start:])
		kind, end := class(r), start+size
		for end < len(s) && kind != single {
			r, size = utf8.DecodeRuneInString(s[end:])
			if class(r) != kind {
				break
			}
			end += size
		}
		for end < len(s) { // what only modifies the character before it
			r, size = utf8.DecodeRuneInString(s[end:])
			if !modifies(r) {
				break
			}
			end += size
			if r == zeroWidthJoiner && end < len(s) {
				_, size = utf8.DecodeRuneInString(s[end:])
				end += size
			}
		}
		out = append(out, s[start:end])
		start = end
	}
	return out
}

const (
	blank = iota
	word
	single
)

const zeroWidthJoiner = '\u200D'

func class(r rune) int {
	switch {
	case r == ' ' || r == '\t':
		return blank
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return single
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_':
		return word
	}
	return single
}

func modifies(r rune) bool {
	return unicode.IsMark(r) || r == zeroWidthJoiner || r >= 0x1F3FB && r <= 0x1F3FF
}
