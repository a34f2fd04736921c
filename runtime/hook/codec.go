package hook

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Run and Ran are on the way of every write, where reading and writing them by reflection takes as long as a short hook. So a Run, which only the
// runtime makes, crosses as lengths and bytes, in the order of its members; and of a Ran, which a stranger may have written, the
// usual form is known by its bytes, and everything else is read as any message is.

// EncodeRun writes a Run.
func EncodeRun(r *Run) []byte {
	size := 256
	for i := range r.Calls {
		size += 128 + len(r.Calls[i].Argument)
	}
	e := encoder{make([]byte, 0, size)}
	e.text(r.Hash)
	e.flag(r.Begin)
	e.flag(r.User != nil)
	if r.User != nil {
		e.text(r.User.ID)
		e.text(string(r.User.Claims))
		e.text(r.User.Provider)
	}
	e.number(int64(len(r.Env)))
	for name, v := range r.Env {
		e.text(name)
		e.text(v)
	}
	for _, n := range r.Limits.list() {
		e.number(int64(*n))
	}
	e.number(int64(len(r.Calls)))
	for i := range r.Calls {
		c := &r.Calls[i]
		e.text(string(c.Function))
		e.text(c.Name)
		e.text(string(c.Argument))
		e.number(c.NowMS)
		e.text(c.Seed)
		e.text(c.DeliveryID)
	}
	return e.b
}

// decodeRun reads one. It trusts the runtime; what is cut or too long is an error all the same.
func decodeRun(payload []byte) (*Run, error) {
	d := decoder{b: payload}
	r := &Run{Hash: d.text(), Begin: d.flag()}
	if d.flag() {
		r.User = &User{ID: d.text(), Claims: d.raw(), Provider: d.text()}
	}
	if n := d.count(); n > 0 {
		r.Env = make(map[string]string, n)
		for range n {
			name := d.text()
			r.Env[name] = d.text()
		}
	}
	for _, n := range r.Limits.list() {
		*n = int(d.number())
	}
	r.Calls = make([]Call, d.count())
	for i := range r.Calls {
		r.Calls[i] = Call{Function: Function(d.text()), Name: d.text(), Argument: d.raw(), NowMS: d.number(), Seed: d.text(), DeliveryID: d.text()}
	}
	if d.failed || len(d.b) > 0 {
		return nil, malformed("A message to a worker cannot be read.", errCut)
	}
	return r, nil
}

var errCut = errors.New("its lengths are not those of its bytes")

// list names the limits in the order in which they cross.
func (l *Limits) list() [12]*int {
	return [...]*int{
		&l.TimeMS, &l.CallDepth, &l.DBCalls, &l.Fetches, &l.Effects, &l.ResultBytes, &l.HostBytes, &l.LogLines, &l.LogBytes, &l.HostMS,
		&l.RunBytes, &l.RunLogBytes,
	}
}

// encoder writes lengths and bytes.
type encoder struct{ b []byte }

func (e *encoder) number(n int64) { e.b = binary.AppendVarint(e.b, n) }

func (e *encoder) text(s string) {
	e.b = binary.AppendUvarint(e.b, uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) flag(is bool) {
	if is {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

// decoder reads them. After what cannot be read, everything is zero.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) fail() {
	d.failed, d.b = true, nil
}

func (d *decoder) number() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

// raw gives bytes of the message itself; nil for none.
func (d *decoder) raw() []byte {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > uint64(len(d.b)-size) {
		d.fail()
		return nil
	}
	if n == 0 {
		d.b = d.b[size:]
		return nil
	}
	out := d.b[size : size+int(n) : size+int(n)]
	d.b = d.b[size+int(n):]
	return out
}

func (d *decoder) text() string { return string(d.raw()) }

func (d *decoder) flag() bool {
	if len(d.b) == 0 || d.b[0] > 1 {
		d.fail()
		return false
	}
	is := d.b[0] == 1
	d.b = d.b[1:]
	return is
}

// count is how many of something follow; each has a byte at least.
func (d *decoder) count() int {
	n := d.number()
	if n < 0 || n > int64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

// The usual answer: one beforeWrite, which made something of the data, and how long it took.
const (
	usualHead = `{"outcomes":[{"result":"changed","value":`
	usualTime = `,"usage":{"duration_us":`
	usualEnd  = `}}]}`
)

// encodeRan writes a Ran.
func encodeRan(r *Ran) ([]byte, error) {
	if len(r.Outcomes) != 1 || r.Retire {
		return Encode(r)
	}
	o := &r.Outcomes[0]
	if o.Result != Changed || o.Reason != "" || o.Rejection != nil || o.Failure != nil || o.Logs != nil || o.LogsDropped != 0 || o.Effects != nil ||
		o.Usage != (Usage{DurationUS: o.Usage.DurationUS}) || o.Usage.DurationUS <= 0 {
		return Encode(r)
	}
	out := make([]byte, 0, len(usualHead)+len(o.Value)+len(usualTime)+20+len(usualEnd))
	out = append(append(append(out, usualHead...), o.Value...), usualTime...)
	return append(strconv.AppendInt(out, o.Usage.DurationUS, 10), usualEnd...), nil
}

// usualRan reads the usual answer; nil: it is another, or none. What is between its head and its end is one value, or the whole is no JSON.
func usualRan(payload []byte) *Ran {
	rest, ok := bytes.CutPrefix(payload, []byte(usualHead))
	if !ok {
		return nil
	}
	if rest, ok = bytes.CutSuffix(rest, []byte(usualEnd)); !ok {
		return nil
	}
	at := bytes.LastIndex(rest, []byte(usualTime))
	if at < 0 {
		return nil
	}
	text := rest[at+len(usualTime):]
	took, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || took <= 0 || text[0] < '1' || text[0] > '9' {
		return nil
	}
	value := jsontext.Value(rest[:at:at])
	if !value.IsValid() {
		return nil
	}
	return &Ran{Outcomes: []Outcome{{Result: Changed, Value: value, Usage: Usage{DurationUS: took}}}}
}
