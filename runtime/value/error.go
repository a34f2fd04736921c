package value

// The codes of a TypeError; uploads answer them as they are.
const (
	CodeInvalidData     = "INVALID_DATA"
	CodePayloadTooLarge = "PAYLOAD_TOO_LARGE"
)

// TypeError says why a client value cannot be stored. Message and Hint are safe to show: they name
// types and sizes, never the value.
type TypeError struct {
	Path    string // dotted, below the value that was coerced; empty: that value itself
	Want    string // the type that was expected, as turnkey.yaml spells it; empty: not a matter of type
	Code    string
	Message string
	Hint    string
}

// Error is the text for logs.
func (e *TypeError) Error() string {
	if e.Path == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + ": " + e.Path + ": " + e.Message
}

func invalid(want, message string) *TypeError {
	return &TypeError{Want: want, Code: CodeInvalidData, Message: message}
}

func (e *TypeError) hint(text string) *TypeError {
	e.Hint = text
	return e
}

// under puts the error one level deeper, on its way up.
func (e *TypeError) under(step string) *TypeError {
	if e.Path == "" {
		e.Path = step
	} else {
		e.Path = step + "." + e.Path
	}
	return e
}

// kind names what a client sent.
func kind(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if len(v) == 36 && v[8] == '-' {
			return "text that looks like a UUID"
		}
		return "text"
	case Number:
		return "a number"
	case bool:
		return "true or false"
	case Array:
		return "a list"
	case *Object:
		return "an object"
	}
	return "a value of another kind"
}
