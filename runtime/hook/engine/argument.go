package engine

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/go-json-experiment/json/jsontext"
)

// argument makes the function's argument of JSON text. goja's JSON.parse reads through encoding/json's token
// stream, which takes twice as long.
func (s *session) argument(text []byte) (goja.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)) // whoever made the call has looked for them
	v, err := s.decode(d)
	if err != nil {
		return nil, errors.Join(errArgument, err)
	}
	return v, nil
}

// parsed makes a value of JSON text as goja's JSON.parse does, but for numbers that are too large for it: those are infinite.
func (s *session) parsed(text string) (goja.Value, error) {
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := s.decode(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.Join(errArgument, err)
	}
	return v, nil
}

// errArgument: the runtime sent what is no JSON; nobody's code is at fault but ours.
var errArgument = errors.New("the argument of the call is not JSON")

func (s *session) decode(d *jsontext.Decoder) (goja.Value, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return s.decodeObject(d)
	case '[':
		return s.decodeArray(d)
	case '"':
		return s.vm.ToValue(t.String()), nil
	case '0':
		return s.number(t.String())
	case 't', 'f':
		return s.vm.ToValue(t.Bool()), nil
	}
	return goja.Null(), nil
}

func (s *session) number(text string) (goja.Value, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && i != 0 && i > -1<<53 && i < 1<<53 {
		return s.vm.ToValue(i), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, err
	}
	return s.vm.ToValue(f), nil
}

func (s *session) decodeObject(d *jsontext.Decoder) (goja.Value, error) {
	o := s.vm.NewObject()
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String() // the token is gone after the next one
		v, err := s.decode(d)
		if err != nil {
			return nil, err
		}
		// A member is defined, not set: one that is named __proto__ must not become the prototype.
		if err := o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return o, err
}

func (s *session) decodeArray(d *jsontext.Decoder) (goja.Value, error) {
	var list []any
	for d.PeekKind() != ']' {
		v, err := s.decode(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return s.vm.NewArray(list...), err
}
