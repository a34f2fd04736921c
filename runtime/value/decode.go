package value

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep JSON from clients may nest. PowerSync replicates 20 levels (see Check); the
// rest is slack for text inside text.
const MaxDepth = 32

// DecodeJSON reads one JSON text: numbers as Number, objects in member order. Duplicate names,
// broken UTF-8, lone surrogates and trailing data are errors of package jsontext; nesting over
// MaxDepth is a *TypeError.
func DecodeJSON(text []byte) (Value, error) {
	r := readers.Get().(*reader)
	defer r.release()
	r.buf = *bytes.NewBuffer(text)
	r.dec.Reset(&r.buf)
	v, err := parse(r.dec, 1)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		if err == nil {
			err = errTrailing
		}
		return nil, err
	}
	return v, nil
}

var errTrailing = &TypeError{Code: CodeInvalidData, Message: "There is something after the JSON value."}

// reader is a decoder that is used again; the decoder reads the buffer's bytes in place.
type reader struct {
	buf bytes.Buffer
	dec *jsontext.Decoder
}

var readers = sync.Pool{New: func() any { return &reader{dec: jsontext.NewDecoder(&bytes.Buffer{})} }}

func (r *reader) release() {
	r.buf = bytes.Buffer{} // let go of the caller's text
	r.dec.Reset(&r.buf)
	readers.Put(r)
}

// ParseToken reads the decoder's next value. After an error the decoder stands inside the value.
func ParseToken(dec *jsontext.Decoder) (Value, error) { return parse(dec, 1) }

func parse(dec *jsontext.Decoder, depth int) (Value, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '"':
		return tok.String(), nil
	case '0':
		return Number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	case 'n':
		return nil, nil
	}
	if depth > MaxDepth {
		return nil, tooDeep(MaxDepth)
	}
	if tok.Kind() == '[' {
		return parseArray(dec, depth)
	}
	return parseObject(dec, depth)
}

func parseArray(dec *jsontext.Decoder, depth int) (Value, error) {
	list := Array{}
	for dec.PeekKind() != ']' {
		v, err := parse(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
}

func parseObject(dec *jsontext.Decoder, depth int) (Value, error) {
	var members []Member
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String()
		v, err := parse(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if members == nil {
			members = make([]Member, 0, 8)
		}
		members = append(members, Member{text, v})
	}
	_, err := dec.ReadToken()
	return &Object{Members: members}, err
}

func tooDeep(most int) *TypeError {
	return invalid("", "The value is nested more than "+strconv.Itoa(most)+" levels deep.").
		hint("PowerSync replicates at most 20 levels; store deeper structures as text.")
}

// Native turns JSON text into values: what a document database stores for a json field. Integral
// numbers become int32 or int64, others float64.
func Native(text JSON) (Value, error) {
	v, err := DecodeJSON([]byte(text))
	if err != nil {
		return nil, asTypeError(err)
	}
	return errOrNil(coercion{}.plain(v))
}

// asTypeError keeps a TypeError and hides a parser's words behind one.
func asTypeError(err error) *TypeError {
	if e, ok := err.(*TypeError); ok {
		c := *e
		return &c
	}
	return invalid("json", "The text is not valid JSON.").
		hint("Write lists and objects with JSON.stringify, or your language's JSON encoder.")
}
