package hook

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Call is one hook function on one operation. Make calls with the constructors below.
type Call struct {
	Function Function `json:"function"`
	// Name selects the hook file: a table's name as the client knows it, "_transaction" or "_auth".
	Name string `json:"name"`
	// Argument is the function's first argument, as JSON text: a Write, Conflict, Change, list of Writes or Identity.
	Argument jsontext.Value `json:"argument"`
	// NowMS is the call's fixed clock, in milliseconds since 1970; Seed feeds everything random. Both stay the
	// same when the call is repeated; a seed must be unguessable where users make secrets of it.
	NowMS int64  `json:"now_ms"`
	Seed  string `json:"seed"`
	// DeliveryID is ctx.deliveryId in afterCommit: the same on each attempt.
	DeliveryID string `json:"delivery_id,omitzero"`
}

// User is who writes, as ctx.user.
type User struct {
	ID       string         `json:"id"`
	Claims   jsontext.Value `json:"claims,omitzero"` // an object
	Provider string         `json:"provider,omitzero"`
}

// Write is one operation, as beforeWrite sees it. Rows are JSON objects; what is absent is null.
type Write struct {
	Op             string         `json:"op"` // PUT, PATCH, DELETE
	Table          string         `json:"table"`
	ID             string         `json:"id"`
	Data           jsontext.Value `json:"data"`           // null for DELETE
	PreviousValues jsontext.Value `json:"previousValues"` // what the device saw before, if it said so
	Metadata       jsontext.Value `json:"metadata"`
	Old            jsontext.Value `json:"old"` // the stored row; null if there is none
}

// Conflict is what resolveConflict decides. Base is null if the device did not say what it saw.
type Conflict struct {
	Base   jsontext.Value `json:"base"`
	Server jsontext.Value `json:"server"`
	Client jsontext.Value `json:"client"`
	Fields []string       `json:"fields"`
	Write  Write          `json:"write"`
}

// Change is what was written, as afterWrite and afterCommit see it.
type Change struct {
	Op     string         `json:"op"`
	Table  string         `json:"table"`
	ID     string         `json:"id"`
	Old    jsontext.Value `json:"old"`    // null when created
	New    jsontext.Value `json:"new"`    // null when deleted
	Fields []string       `json:"fields"` // the fields that differ
}

// Identity is a verified token, as resolveUser sees it.
type Identity struct {
	Provider string         `json:"provider"`
	UserID   string         `json:"userId"` // what the configuration would make of it; "" if nothing
	Claims   jsontext.Value `json:"claims"`
}

// Moment is a call's fixed clock and seed.
type Moment struct {
	NowMS int64
	Seed  string
}

// CallBeforeWrite asks a table's hook about one operation.
func CallBeforeWrite(at Moment, w Write) (Call, error) {
	return newCall(BeforeWrite, w.Table, at, w)
}

// CallResolveConflict asks a table's hook to decide a conflict.
func CallResolveConflict(at Moment, c Conflict) (Call, error) {
	if c.Fields == nil {
		c.Fields = []string{}
	}
	return newCall(ResolveConflict, c.Write.Table, at, c)
}

// CallAfterWrite tells a table's hook what was written, inside the transaction.
func CallAfterWrite(at Moment, c Change) (Call, error) {
	return newCall(AfterWrite, c.Table, at, c.whole())
}

// CallAfterCommit tells a table's hook what was committed.
func CallAfterCommit(at Moment, c Change, deliveryID string) (Call, error) {
	call, err := newCall(AfterCommit, c.Table, at, c.whole())
	call.DeliveryID = deliveryID
	return call, err
}

// CallBeforeTransaction shows all operations of a client transaction to hooks/_transaction.ts.
func CallBeforeTransaction(at Moment, writes []Write) (Call, error) {
	if writes == nil {
		writes = []Write{}
	}
	return newCall(BeforeTransaction, transactionName, at, writes)
}

// CallResolveUser asks hooks/_auth.ts who a verified identity is.
func CallResolveUser(at Moment, i Identity) (Call, error) {
	return newCall(ResolveUser, authName, at, i)
}

func (c Change) whole() Change {
	if c.Fields == nil {
		c.Fields = []string{}
	}
	return c
}

func newCall(f Function, name string, at Moment, argument any) (Call, error) {
	text, err := json.Marshal(argument)
	if err != nil {
		return Call{}, malformed("The argument of "+string(f)+" cannot be written as JSON.", err)
	}
	return Call{Function: f, Name: name, Argument: text, NowMS: at.NowMS, Seed: at.Seed}, nil
}
