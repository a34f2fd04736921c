package engine

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// nativeBytes is the part of native that moves bytes: buffers are ArrayBuffers that js/*.js made.
func (s *session) nativeBytes(c goja.FunctionCall) goja.Value {
	switch c.Argument(0).ToInteger() {
	case opEncode:
		b, problem := encodeText(str(c, 1), str(c, 2), c.Argument(3).ToBoolean())
		if problem != "" {
			panic(s.vm.NewTypeError("%s", problem))
		}
		return s.vm.ToValue(s.vm.NewArrayBuffer(b))
	case opDecode:
		text, problem := decodeText(buffer(c, 1), str(c, 2), c.Argument(3).ToBoolean())
		if problem != "" {
			panic(s.vm.NewTypeError("%s", problem))
		}
		return s.vm.ToValue(text)
	case opBytes:
		return s.vm.ToValue(s.vm.NewArrayBuffer(s.random.bytes(int(min(max(c.Argument(1).ToInteger(), 0), 1<<16)))))
	case opDigest:
		return s.vm.ToValue(s.vm.NewArrayBuffer(digest(str(c, 1), buffer(c, 2))))
	case opURL:
		return s.vm.ToValue(parseURL(str(c, 1), str(c, 2)))
	}
	return goja.Undefined()
}

var bufferType = reflect.TypeFor[goja.ArrayBuffer]()

func buffer(c goja.FunctionCall, i int) []byte {
	if o, ok := c.Argument(i).(*goja.Object); ok && o.ExportType() == bufferType {
		if b, ok := o.Export().(goja.ArrayBuffer); ok { // a buffer's own export runs no code of anybody
			return b.Bytes()
		}
	}
	return nil
}

// encodeText gives the bytes of text. Not strict, it takes what Node's Buffer takes.
func encodeText(text, encoding string, strict bool) ([]byte, string) {
	switch encoding {
	case "base64", "base64url":
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "", " ", "").Replace(text), "="))
		if strict && (err != nil || strings.ContainsAny(text, "-_") || len(text)%4 == 1) {
			return nil, "The text is not base64"
		}
		return b, ""
	case "hex":
		b, _ := hex.DecodeString(text[:len(text)&^1])
		return b, ""
	case "latin1":
		b := make([]byte, 0, len(text))
		for _, r := range text {
			if r > 0xff && strict {
				return nil, "The text has characters outside of Latin-1"
			}
			b = append(b, byte(r))
		}
		return b, ""
	}
	return []byte(text), ""
}

func decodeText(b []byte, encoding string, strict bool) (string, string) {
	switch encoding {
	case "base64":
		return base64.StdEncoding.EncodeToString(b), ""
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(b), ""
	case "hex":
		return hex.EncodeToString(b), ""
	case "latin1":
		runes := make([]rune, len(b))
		for i := range b {
			runes[i] = rune(b[i])
		}
		return string(runes), ""
	}
	if utf8.Valid(b) {
		return string(b), ""
	}
	if strict {
		return "", "The bytes are not UTF-8"
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), ""
}

func digest(name string, b []byte) []byte {
	switch name {
	case "SHA-1":
		sum := sha1.Sum(b)
		return sum[:]
	case "SHA-256":
		sum := sha256.Sum256(b)
		return sum[:]
	case "SHA-384":
		sum := sha512.Sum384(b)
		return sum[:]
	}
	sum := sha512.Sum512(b)
	return sum[:]
}
