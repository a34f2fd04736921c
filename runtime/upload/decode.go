package upload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/internal/fault"
)

// Limits of one upload. A client transaction over them is refused and kept, never answered 4xx: a
// 4xx would block the device's queue for ever.
const (
	MaxTransactions     = 50
	MaxOperations       = 5_000
	MaxTransactionBytes = 16 << 20
	MaxOperationBytes   = 15 << 20
)

// Decode reads the body of a POST: {transactions: [...]} or {batch: [...]}. Its error is a fault of
// kind Invalid and means that the body is not an upload (HTTP 400). Everything that is wrong inside
// a transaction is noted there as a Refusal instead. The result aliases body.
func Decode(body []byte) (*Upload, error) {
	return walk(body, func(d *decoder) (*Upload, error) {
		up := &Upload{}
		if err := d.top(up); err != nil {
			return nil, err
		}
		return up, nil
	})
}

// lenient lets the outer walk pass over faults that belong to a single operation: duplicate names
// and broken UTF-8 inside an entry are found again, strictly, by entry.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

type decoder struct {
	body   []byte
	dec    *jsontext.Decoder // over body, or over a text that has everything at the same place
	weight int64             // of what has been decoded
}

func malformed(err error) error {
	return fault.Wrap(err, fault.Invalid, "not_an_upload", "The body is not valid JSON.").
		WithHint("Send {\"transactions\": [...]} or {\"batch\": [...]} as JSON.")
}

func notUpload(message string) error {
	return fault.New(fault.Invalid, "not_an_upload", message).
		WithHint("See PowerSync's write contract: {\"transactions\": [{\"crud\": [...]}]} with 1 to 50 transactions, or {\"batch\": [...]}.")
}

func (d *decoder) top(up *Upload) error {
	if d.dec.PeekKind() != '{' {
		if err := d.dec.SkipValue(); err != nil {
			return malformed(err)
		}
		return notUpload("The body is JSON, but not an object.")
	}
	err := d.object(func(name string) error {
		switch name {
		case "transactions", "batch":
			if up.Form != 0 {
				return notUpload("The body has more than one of transactions and batch.")
			}
			if d.dec.PeekKind() != '[' {
				return notUpload("The member " + name + " is not an array.")
			}
			if name == "batch" {
				up.Form = Batch
				return d.batch(up)
			}
			up.Form = Transactions
			return d.transactions(up)
		case "client":
			raw, err := d.raw()
			if err != nil {
				return err
			}
			readClient(up, raw)
		case "client_id":
			raw, err := d.raw()
			if err != nil {
				return err
			}
			if id, ok := text(raw); ok && up.ClientID == "" {
				up.ClientID = id
			}
		default:
			return d.skip()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !d.atEnd() {
		return notUpload("There is something after the JSON object.")
	}
	switch {
	case up.Form == 0:
		return notUpload("The body has neither transactions nor batch.")
	case up.Form == Transactions && (len(up.Transactions) == 0 || len(up.Transactions)+up.Left > MaxTransactions):
		return notUpload("The body has " + strconv.Itoa(len(up.Transactions)+up.Left) + " transactions; 1 to 50 are allowed.")
	}
	return nil
}

// atEnd reports that nothing but white space follows.
func (d *decoder) atEnd() bool {
	_, err := d.dec.ReadToken()
	return errors.Is(err, io.EOF)
}

// object walks one object, calling member for each name with the decoder before its value.
func (d *decoder) object(member func(name string) error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	for d.dec.PeekKind() != '}' {
		tok, err := d.dec.ReadToken()
		if err != nil {
			return malformed(err)
		}
		if err := member(tok.String()); err != nil {
			return err
		}
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	return nil
}

func (d *decoder) skip() error {
	if err := d.dec.SkipValue(); err != nil {
		return malformed(err)
	}
	return nil
}

// raw reads one value and gives its bytes inside the body, which outlive the next call.
func (d *decoder) raw() ([]byte, error) {
	v, err := d.dec.ReadValue()
	if err != nil {
		return nil, malformed(err)
	}
	end := d.dec.InputOffset()
	return d.body[end-int64(len(v)) : end : end], nil
}

func (d *decoder) transactions(up *Upload) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	for d.dec.PeekKind() != ']' {
		if d.dec.PeekKind() != '{' {
			if err := d.skip(); err != nil {
				return err
			}
			return notUpload("A transaction is not an object.")
		}
		if up.Left > 0 || len(up.Transactions) > 0 && d.weight > maxWeight {
			if err := d.left(up); err != nil {
				return err
			}
			continue
		}
		if len(up.Transactions) == MaxTransactions { // only count the rest
			up.Transactions = append(up.Transactions, Transaction{})
		}
		if len(up.Transactions) > MaxTransactions {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		tx, err := d.transaction(up)
		if err != nil {
			return err
		}
		up.Transactions = append(up.Transactions, tx)
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	return nil
}

func (d *decoder) transaction(up *Upload) (Transaction, error) {
	var tx Transaction
	hasCrud := false
	start := d.dec.InputOffset()
	err := d.object(func(name string) error {
		switch name {
		case "crud":
			if hasCrud || d.dec.PeekKind() != '[' {
				return notUpload("A transaction needs one crud array.")
			}
			hasCrud = true
			return d.entries(&tx)
		case "transaction_id", "tx_id", "transactionId":
			raw, err := d.raw()
			if err == nil {
				tx.ID, tx.HasID = integer(raw)
			}
			return err
		case "client_id":
			raw, err := d.raw()
			if id, ok := text(raw); err == nil && ok && up.ClientID == "" {
				up.ClientID = id
			}
			return err
		default:
			return d.skip()
		}
	})
	if err != nil {
		return tx, err
	}
	if !hasCrud {
		return tx, notUpload("A transaction has no crud array.")
	}
	tx.Raw = bytes.TrimLeft(d.body[start:d.dec.InputOffset()], " \t\r\n,")
	if !tx.HasID { // stock entries carry it one by one
		for i := range tx.Operations {
			if id, ok := tx.Operations[i].transactionID(); ok {
				tx.ID, tx.HasID = id, true
				break
			}
		}
	}
	limit(&tx)
	return tx, nil
}

// limit refuses a transaction that is over the documented sizes.
func limit(tx *Transaction) {
	switch {
	case tx.Refused != nil:
	case len(tx.Raw) > MaxTransactionBytes:
		tx.Refused = refuse(CodePayloadTooLarge, "This transaction is larger than 16 MB.").
			hint("Split the change into several smaller write transactions on the device.")
	}
}

func (d *decoder) entries(tx *Transaction) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	for d.dec.PeekKind() != ']' {
		raw, err := d.raw()
		if err != nil {
			return err
		}
		if tx.Refused == nil && tx.bears(d.weigh(raw), d) {
			tx.Operations = append(tx.Operations, entry(raw))
		}
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	return nil
}

// bears reports whether one more operation of a weight keeps within the bounds; if not the
// transaction is refused.
func (tx *Transaction) bears(weight int64, d *decoder) bool {
	tx.weight += weight
	switch {
	case len(tx.Operations) == MaxOperations:
		tx.Refused = refuse(CodePayloadTooLarge, "This transaction has more than 5,000 operations.").
			hint("Split the change into several smaller write transactions on the device.")
	case tx.weight > maxTransactionWeight:
		tx.tooHeavy(d)
	}
	return tx.Refused == nil
}

// batch groups the entries of a {batch}: one transaction, unless entries carry transaction ids; then
// a new transaction starts wherever the id changes.
func (d *decoder) batch(up *Upload) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	var cur *Transaction
	var parts [][]byte
	flush := func() {
		if cur != nil {
			cur.Raw = append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
			limit(cur)
			parts = nil
		}
	}
	for d.dec.PeekKind() != ']' {
		raw, err := d.raw()
		if err != nil {
			return err
		}
		w := d.weigh(raw)
		decode := entry
		if w > maxTransactionWeight {
			decode = glance
		}
		op := decode(raw)
		id, hasID := op.transactionID()
		if cur == nil || hasID && (!cur.HasID || cur.ID != id) && len(cur.Operations) > 0 {
			flush()
			up.Transactions = append(up.Transactions, Transaction{ID: id, HasID: hasID})
			cur = &up.Transactions[len(up.Transactions)-1]
		}
		parts = append(parts, raw)
		switch {
		case cur.Refused != nil:
			d.weight -= w
		case !cur.bears(w, d):
		case d.weight > maxTransactionWeight: // nothing of a batch can be left to the next request
			cur.tooHeavy(d)
		default:
			cur.Operations = append(cur.Operations, op)
		}
	}
	flush()
	if _, err := d.dec.ReadToken(); err != nil {
		return malformed(err)
	}
	return nil
}

// readClient keeps the connector's report and takes the client id from it.
func readClient(up *Upload, raw []byte) {
	var report struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &report) != nil {
		return
	}
	const most = 16 << 10 // a report is a handful of fields
	if len(raw) <= most {
		up.Client = raw
	}
	if report.ID != "" {
		up.ClientID = report.ID
	}
}

func text(raw []byte) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err == nil
}

// integer reads a JSON integer, also one in quotes.
func integer(raw []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64)
	return n, err == nil
}
