package upload

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxTransactionWeight is what the decoded form of one transaction may take, in bytes. 64 MB of
	// JSON can become 2.5 GB: one device could end the process for everybody.
	maxTransactionWeight = 128 << 20
	// maxWeight is the same for what is decoded of one upload. Transactions beyond it are left to the
	// next request: the client is told to come back for them.
	maxWeight = 96 << 20
	// weighFrom is the size from which bodies are weighed; smaller ones cannot come near the bounds.
	weighFrom = 256 << 10
)

// perValue is what a decoded JSON value takes besides its text: an interface, its place in a slice
// that has grown, and its share of an object.
const perValue = 112

// Weight estimates how many bytes the decoded form of a JSON text takes, the text not included. Text
// can weigh forty times its size, as in [{"a":1},{"a":1},...].
func Weight(text []byte) int64 {
	s := scan{depth: 1} // inside of something: any value will do
	for i := 0; i < len(text); i++ {
		i += s.plain(text[i:])
		switch {
		case i == len(text): // cut inside of a string
		case s.quoted:
			s.character(text[i])
		default:
			s.token(text[i])
		}
	}
	return int64(s.values)*perValue + int64(len(text))
}

// weigh adds an entry that is about to be decoded, and returns what it adds.
func (d *decoder) weigh(raw []byte) int64 {
	if len(d.body) < weighFrom || len(raw) > MaxOperationBytes { // the latter is never decoded
		return 0
	}
	w := Weight(raw)
	d.weight += w
	return w
}

// left checks the form of a transaction that is left to the next request.
func (d *decoder) left(up *Upload) error {
	up.Left++
	hasCrud := false
	err := d.object(func(name string) error {
		hasCrud = hasCrud || name == "crud" && d.dec.PeekKind() == '['
		return d.skip()
	})
	if err == nil && !hasCrud {
		err = notUpload("A transaction has no crud array.")
	}
	return err
}

// tooHeavy refuses a transaction for the number of its values, and lets go of those it has.
func (tx *Transaction) tooHeavy(d *decoder) {
	d.weight -= tx.weight
	for i := range tx.Operations { // who is to blame stays known by table and id
		tx.Operations[i].Data, tx.Operations[i].Previous = nil, nil
	}
	tx.Refused = refuse(CodePayloadTooLarge, "This transaction has more values than can be worked on at once.").
		hint("Split the change into several smaller write transactions on the device.")
}

// glance reads of an entry what says whose it is, and nothing of its data.
func glance(raw []byte) (op Operation) {
	d := &decoder{body: raw, dec: jsontext.NewDecoder(bytes.NewBuffer(raw), lenient...)}
	_ = d.object(func(name string) error { // it has been walked over once: it is JSON
		switch name {
		case "data", "op_data", "opData", "old", "previous_values", "previousValues":
			return d.skip()
		}
		return op.member(name, d.dec)
	})
	return op
}
