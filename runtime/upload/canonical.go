package upload

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/value"
)

// appendCanonical writes client data as canonical JSON (RFC 8785): members sorted by the UTF-16 code
// units of their names, the fewest escapes, numbers as ECMAScript prints them. Integers keep all
// their digits, which the RFC would round to a double: two of them are different data here.
func appendCanonical(dst []byte, v value.Value) []byte {
	switch v := v.(type) {
	case string:
		return appendCanonicalText(dst, v)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case value.Number:
		return appendCanonicalNumber(dst, string(v))
	case value.Array:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCanonical(dst, e)
		}
		return append(dst, ']')
	case *value.Object:
		if v != nil {
			return appendCanonicalObject(dst, v)
		}
	}
	return append(dst, "null"...)
}

func appendCanonicalObject(dst []byte, o *value.Object) []byte {
	var few [16]int
	dst = append(dst, '{')
	for n, i := range sorted(o.Members, few[:0]) {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendCanonicalText(dst, o.Members[i].Name), ':')
		dst = appendCanonical(dst, o.Members[i].Value)
	}
	return append(dst, '}')
}

// sorted appends the places of members in the order of their names. Few are put where they belong one by
// one: most rows have few columns, and this is done for each operation.
func sorted(members []value.Member, order []int) []int {
	for i := range members {
		order = append(order, i)
	}
	if len(order) > 16 {
		slices.SortFunc(order, func(a, b int) int { return byUTF16(members[a].Name, members[b].Name) })
		return order
	}
	for n := 1; n < len(order); n++ {
		for i := n; i > 0 && byUTF16(members[order[i]].Name, members[order[i-1]].Name) < 0; i-- {
			order[i], order[i-1] = order[i-1], order[i]
		}
	}
	return order
}

// byUTF16 compares as UTF-16. That differs from comparing bytes only where a character above U+FFFF, whose
// first byte is 0xf0 or more, meets one from U+E000 on, whose first byte is 0xee or 0xef.
func byUTF16(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		switch {
		case a[i] == b[i]:
		case a[i] < 0xee || b[i] < 0xee:
			return int(a[i]) - int(b[i])
		default:
			return slices.Compare(utf16.Encode([]rune(a[i:])), utf16.Encode([]rune(b[i:])))
		}
	}
	return len(a) - len(b)
}

func appendCanonicalText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := plainText(s, 0); i < len(s); i = plainText(s, i+1) {
		c := s[i]
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// plainText is the end of what needs no escape from i on. It looks at eight bytes at once: the lowest byte of x that is below n
// has its highest bit set in (x-n)&^x, and none has if none is.
func plainText(s string, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := x^ones*'"', x^ones*'\\'
		if ((x-ones*' ')&^x|(quote-ones)&^quote|(slash-ones)&^slash)&tops != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

func appendCanonicalNumber(dst []byte, n string) []byte {
	if strings.ContainsAny(n, ".eE") {
		text := jsontext.Value(n)
		if text.Canonicalize() == nil {
			return append(dst, text...)
		}
	}
	if n == "-0" {
		return append(dst, '0')
	}
	return append(dst, n...)
}
