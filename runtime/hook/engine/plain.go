package engine

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/go-json-experiment/json/jsontext"
)

// What functions return is mostly plain: objects of texts and numbers. js/core.js would look at each member for what JSON cannot hold, and then
// have the interpreter write it; here both are one, in Go. Whatever is not plain is left to js/core.js, from the beginning: plain
// tells nothing about it.

// plainDepth is how deep plain values may nest, plainItems how long their lists may be.
const (
	plainDepth = 10
	plainItems = 1000
)

var (
	objectType = reflect.TypeFor[map[string]any]()
	arrayType  = reflect.TypeFor[[]any]()
)

// plain writes a value as JSON text; ok is false for what is not plain, or not well formed. Reading a member may run a getter of the user's, as it
// does in JavaScript.
func (s *session) plain(v goja.Value) (text string, ok bool) {
	b, ok := s.appendPlain(make([]byte, 0, 512), v, 0)
	return string(b), ok
}

func (s *session) appendPlain(b []byte, v goja.Value, depth int) (_ []byte, ok bool) {
	if len(b) > s.run.Limits.ResultBytes { // what is shared within it can be written without end, and nothing interrupts us here
		return b, false
	}
	switch v := v.(type) {
	case goja.String:
		return appendPlainText(b, v.String())
	case *goja.Object:
		if depth == plainDepth {
			return b, false
		}
		switch v.ExportType() {
		case objectType:
			return s.appendPlainObject(b, v, depth)
		case arrayType:
			return s.appendPlainArray(b, v, depth)
		}
		return b, false
	}
	if goja.IsNull(v) {
		return append(b, "null"...), true
	}
	t := v.ExportType()
	if t == nil {
		return b, false
	}
	switch t.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.ToBoolean()), true
	case reflect.Int64:
		return strconv.AppendInt(b, v.ToInteger(), 10), true
	case reflect.Float64:
		f := v.ToFloat()
		return append(b, v.String()...), !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return b, false
}

// appendPlainText leaves halves of characters to who names them: they are this character here.
func appendPlainText(b []byte, text string) (_ []byte, ok bool) {
	if strings.ContainsRune(text, '\uFFFD') {
		return b, false
	}
	b, err := jsontext.AppendQuote(b, text)
	return b, err == nil
}

func (s *session) appendPlainObject(b []byte, o *goja.Object, depth int) (_ []byte, ok bool) {
	if o.ClassName() != "Object" || o.Prototype() != s.plainest || o.Get("toJSON") != nil {
		return b, false
	}
	b = append(b, '{')
	for _, name := range o.Keys() {
		v := o.Get(name)
		if v == nil { // its name is not what it says, or a getter before it took it away
			return b, false
		}
		if goja.IsUndefined(v) {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		if b, ok = appendPlainText(b, name); !ok {
			return b, false
		}
		if b, ok = s.appendPlain(append(b, ':'), v, depth+1); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func (s *session) appendPlainArray(b []byte, o *goja.Object, depth int) (_ []byte, ok bool) {
	if o.ClassName() != "Array" || o.Get("toJSON") != nil {
		return b, false
	}
	n := o.Get("length").ToInteger()
	if n > plainItems {
		return b, false
	}
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		v := o.Get(strconv.FormatInt(i, 10))
		if v == nil {
			return b, false
		}
		if b, ok = s.appendPlain(b, v, depth+1); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}
