package upload

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/value"
)

// entry reads one CRUD entry strictly, in any of the spellings that PowerSync's SDKs, docs and
// samples use. What is wrong with it becomes its Refusal.
func entry(raw []byte) Operation {
	op := Operation{raw: raw}
	if len(raw) > MaxOperationBytes {
		op.Refused = refuse(CodePayloadTooLarge, "This operation is larger than 15 MB.").
			hint("Keep large files in object storage and sync a reference to them.")
		op.skim(jsontext.NewDecoder(bytes.NewBuffer(raw), lenient...))
		return op
	}
	if raw[0] != '{' {
		op.Refused = refuse(CodeInvalidData, "An entry of crud is not an object.")
		return op
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw))
	if err := op.read(dec); err != nil {
		op.Refused = understand(err)
		return op
	}
	op.check()
	return op
}

// read walks the members. Unknown members are ignored, as the reference server does.
func (op *Operation) read(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := op.member(name.String(), dec); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// skim reads what an operation is called by, and passes over what it holds: one that is too large to be
// applied is still known again, and its rejection names its row.
func (op *Operation) skim(dec *jsontext.Decoder) {
	if dec.PeekKind() != '{' {
		return
	}
	if _, err := dec.ReadToken(); err != nil {
		return
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return
		}
		if kind := dec.PeekKind(); kind == '{' || kind == '[' {
			err = dec.SkipValue()
		} else {
			err = op.member(name.String(), dec)
		}
		if err != nil {
			return
		}
	}
}

func (op *Operation) member(name string, dec *jsontext.Decoder) (err error) {
	switch name {
	case "data", "op_data", "opData":
		op.Data, err = objectOrNull(dec)
		return err
	case "old", "previous_values", "previousValues":
		op.Previous, err = objectOrNull(dec)
		return err
	}
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch name {
	case "op":
		s, _ := text(v)
		op.Op = Op(s)
	case "table", "type":
		op.Table, _ = text(v)
	case "id":
		op.RowID = idText(v)
	case "op_id":
		if id, ok := integer(v); ok {
			op.OpID, op.HasOpID, op.saysOpID = id, true, true
		}
	case "client_id", "clientId": // CrudEntry's clientId is a number; text is the name of a device
		if id, ok := integer(v); ok && v[0] != '"' && !op.saysOpID {
			op.OpID, op.HasOpID = id, true
		}
	case "tx_id", "transaction_id", "transactionId":
		op.txID, op.hasTxID = integer(v)
	case "metadata":
		op.Metadata, _ = text(v)
	}
	return nil
}

// idText takes the row id: text, or an integer from clients that keep numeric keys.
func idText(v []byte) string {
	if s, ok := text(v); ok {
		return s
	}
	if _, ok := integer(v); ok {
		return string(v)
	}
	return ""
}

var errNotObject = errors.New("not an object")

func objectOrNull(dec *jsontext.Decoder) (*value.Object, error) {
	switch dec.PeekKind() {
	case 'n':
		return nil, dec.SkipValue()
	case '{':
		v, err := value.ParseToken(dec)
		if err != nil {
			return nil, err
		}
		return v.(*value.Object), nil
	}
	if err := dec.SkipValue(); err != nil {
		return nil, err
	}
	return nil, errNotObject
}

// understand turns a decoding error into the reason that the device sees.
func understand(err error) *Refusal {
	var typed *value.TypeError
	switch {
	case errors.As(err, &typed):
		return &Refusal{Code: typed.Code, Message: typed.Message, Hint: typed.Hint, Operation: -1}
	case errors.Is(err, errNotObject):
		return refuse(CodeInvalidData, "The operation's data is not an object of column values.")
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refuse(CodeInvalidData, "The operation names a member twice.")
	}
	return refuse(CodeInvalidData, "The operation has text that is not valid UTF-8 or JSON that cannot be read.").
		hint("Lone surrogates and broken UTF-8 cannot be stored; send well-formed text.")
}

// check refuses what no configuration could make sense of.
func (op *Operation) check() {
	switch op.Op {
	case Put, Patch, Delete:
	default:
		op.Refused = refuse(CodeInvalidData, "The operation's op is not PUT, PATCH or DELETE.")
		return
	}
	if op.Table == "" {
		op.Refused = refuse(CodeInvalidData, "The operation names no table.")
		return
	}
	if op.RowID == "" {
		op.Refused = refuse(CodeInvalidData, "The operation has no id, or one that is not text.")
	}
}

func (op *Operation) transactionID() (int64, bool) { return op.txID, op.hasTxID }

// DecodeSingle reads the body of PUT, PATCH or DELETE /api/data: {table, data}, with the row's id
// inside data (or beside it). Its error means HTTP 400.
func DecodeSingle(method Op, body []byte) (*Upload, error) {
	raw, err := walk(body, func(d *decoder) ([]byte, error) {
		raw, err := d.raw()
		if err == nil && (raw[0] != '{' || !d.atEnd()) {
			err = notUpload("The body is not one JSON object {table, data}.")
		}
		return raw, err
	})
	if err != nil {
		return nil, err
	}
	up := &Upload{Form: Single}
	op := Operation{raw: raw}
	if len(raw) > MaxOperationBytes {
		op.Refused = refuse(CodePayloadTooLarge, "This operation is larger than 15 MB.")
	} else if err := op.read(jsontext.NewDecoder(bytes.NewBuffer(raw))); err != nil {
		op.Refused = understand(err)
	}
	said := Operation{Op: op.Op, RowID: op.RowID}
	op.Op = method
	if op.Refused == nil {
		if op.Table == "" {
			return nil, notUpload("The body names no table.")
		}
		if id, ok := op.Data.Get("id"); ok && op.RowID == "" {
			switch id := id.(type) {
			case string:
				op.RowID = id
			case value.Number:
				op.RowID = string(id)
			}
		}
		op.check()
	}
	up.Transactions = []Transaction{{ID: op.txID, HasID: op.hasTxID, Operations: []Operation{op}, Raw: op.whole(said)}}
	return up, nil
}

// whole is a single operation's body together with what only the method and the data said, so that
// what is kept of it can be read by itself.
func (op *Operation) whole(said Operation) []byte {
	if op.Refused != nil {
		return op.raw
	}
	out := []byte{'{'}
	if said.Op == "" {
		out = append(append(append(out, `"op":"`...), op.Op...), `",`...)
	}
	if said.RowID == "" {
		out = append(appendCanonicalText(append(out, `"id":`...), op.RowID), ',')
	}
	return append(out, bytes.TrimLeft(op.raw[1:], " \t\r\n")...)
}
