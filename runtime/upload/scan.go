package upload

import (
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// scan passes over a body of any size in constant memory and finds no more than an answer needs that
// looks at no operation: the dialect, and how many transactions there are. It is lenient: what it
// lets pass and Decode would not is refused when the client comes back.
type scan struct {
	form   Form
	n      int // transactions
	values int // upper bound of the JSON values and member names

	depth    int
	ended    bool // the top object is complete
	quoted   bool
	escaped  bool
	name     []byte // of the member of the top object, as spelled
	naming   bool   // the string under way is such a name
	named    bool   // it is complete
	counting bool   // inside of transactions or batch
	occupied bool   // since the last comma in there came a value
}

// longestName that can be one of those we look for, every letter escaped.
const longestName = 6*len("transactions") + 2

var chunks = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// scanBody reads a body to its end.
func scanBody(r io.Reader) (Form, int, error) {
	chunk := chunks.Get().(*[16 << 10]byte)
	defer chunks.Put(chunk)
	var s scan
	for {
		n, err := r.Read(chunk[:])
		if bad := s.write(chunk[:n]); bad != nil {
			return 0, 0, bad
		}
		switch {
		case errors.Is(err, io.EOF):
			return s.result()
		case err != nil:
			return 0, 0, Unreadable(err)
		}
	}
}

func (s *scan) result() (Form, int, error) {
	switch {
	case !s.ended:
		return 0, 0, malformed(io.ErrUnexpectedEOF)
	case s.form == Batch:
		return Batch, 1, nil
	case s.form == 0 || s.n < 1 || s.n > MaxTransactions:
		return 0, 0, notUpload("The body has neither 1 to 50 transactions nor a batch.")
	}
	return s.form, s.n, nil
}

func (s *scan) write(chunk []byte) error {
	for i := 0; i < len(chunk); i++ {
		i += s.plain(chunk[i:])
		if i == len(chunk) {
			break
		}
		c := chunk[i]
		if s.quoted {
			s.character(c)
			continue
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		if s.ended {
			return notUpload("There is something after the JSON object.")
		}
		if s.depth == 0 && c != '{' {
			return notUpload("The body is not a JSON object.")
		}
		s.token(c)
	}
	return nil
}

// plain counts the bytes at the front that change nothing: most of a large body is text.
func (s *scan) plain(chunk []byte) int {
	i := 0
	if s.quoted && !s.naming && !s.escaped {
		for i < len(chunk) && chunk[i] != '"' && chunk[i] != '\\' {
			i++
		}
	}
	return i
}

// character is one byte inside of a string.
func (s *scan) character(c byte) {
	if s.naming && len(s.name) < longestName {
		s.name = append(s.name, c)
	}
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '"':
		s.quoted = false
		if s.naming {
			s.naming, s.named = false, true
		}
	}
}

// token is one byte outside of strings.
func (s *scan) token(c byte) {
	if s.counting && s.depth == 2 && c != ',' && c != ']' {
		s.occupied = true
	}
	switch c {
	case '"':
		s.quoted = true
		if s.depth == 1 && !s.named {
			s.naming, s.name = true, append(s.name[:0], c)
		}
	case '{', '[':
		s.values++
		if s.depth == 1 && c == '[' && s.named {
			s.begin()
		}
		s.depth++
	case '}', ']':
		if s.depth == 2 && s.counting {
			s.element()
			s.counting = false
		}
		s.depth--
		s.ended = s.depth == 0
	case ',':
		s.values++
		if s.depth == 1 {
			s.named = false
		} else if s.depth == 2 && s.counting {
			s.element()
		}
	case ':':
		s.values++
	}
}

// begin enters an array of the top object.
func (s *scan) begin() {
	name, err := jsontext.AppendUnquote(nil, s.name)
	switch {
	case err != nil:
		return
	case string(name) == "transactions":
		s.form = Transactions
	case string(name) == "batch":
		s.form = Batch
	default:
		return
	}
	s.n, s.counting, s.occupied = 0, true, false
}

func (s *scan) element() {
	if s.occupied {
		s.n++
	}
	s.occupied = false
}
