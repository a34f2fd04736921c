package upload

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// decoderDepth is how deep the JSON decoder goes; keptDepth how deep a body is walked over that goes deeper. No value of
// an operation may nest nearly as deep as either, so what is cut off belongs to an operation that is refused, or to nobody.
const (
	decoderDepth = 10_000
	keptDepth    = 100
)

// walk runs over a body. One that nests deeper than the decoder goes is JSON all the same: it is walked over once more
// with its depths as text, so that they cost their own transaction and not the whole upload.
func walk[T any](body []byte, run func(*decoder) (T, error)) (T, error) {
	over := func(text []byte) (T, error) {
		return run(&decoder{body: body, dec: jsontext.NewDecoder(bytes.NewBuffer(text), lenient...)})
	}
	out, err := over(body)
	if err != nil {
		if flat := flatten(body); flat != nil {
			return over(flat)
		}
	}
	return out, err
}

// flatten gives a text of the same length in which every container below keptDepth is a string, so that the place of
// everything else stays what it was; nil when the decoder can do without.
func flatten(body []byte) []byte {
	deepest := 0
	containers(body, func(_, depth int, _ bool) { deepest = max(deepest, depth) })
	if deepest < decoderDepth {
		return nil
	}
	flat, from := bytes.Clone(body), 0
	containers(body, func(i, depth int, opens bool) {
		switch {
		case depth != keptDepth+1:
		case opens:
			from = i
		default:
			for n := from; n <= i; n++ {
				flat[n] = '-'
			}
			flat[from], flat[i] = '"', '"'
		}
	})
	return flat
}

// containers visits every bracket outside of strings, with the depth inside of it.
func containers(text []byte, visit func(i, depth int, opens bool)) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			visit(i, depth, true)
		case c == '}' || c == ']':
			visit(i, depth, false)
			depth--
		}
	}
}
