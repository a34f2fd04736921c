package devmongo

import (
	"fmt"
	"strings"
)

// Err is a command error as the server sends it.
type Err struct {
	Code   int32
	Name   string
	Msg    string
	Labels []string
	Extra  D
}

func (e *Err) Error() string { return e.Msg }

// ofStatement reports that the error is one statement's; others end the whole command.
func (e *Err) ofStatement() bool { return e.Code != 50 && e.Code != 91 && e.Code != 238 }

func errf(code int32, name, f string, a ...any) *Err {
	return &Err{Code: code, Name: name, Msg: fmt.Sprintf(f, a...)}
}

// labelTransient tells the driver that the whole transaction may be tried again.
const labelTransient = "TransientTransactionError"

func conflict() *Err {
	return &Err{Code: 112, Name: "WriteConflict", Msg: "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.", Labels: []string{labelTransient}}
}

func dupErr(c *coll, ix *index, d D) *Err {
	kv := D{}
	var parts []string
	for _, k := range ix.keys {
		v, _ := at(d, k.Key)
		kv = append(kv, E{Key: k.Key, Value: v})
		parts = append(parts, fmt.Sprintf("%s: %#v", k.Key, v))
	}
	return &Err{Code: 11000, Name: "DuplicateKey", Msg: fmt.Sprintf("E11000 duplicate key error collection: %s index: %s dup key: { %s }", c.ns(), ix.name, strings.Join(parts, ", ")), Extra: D{{Key: "keyPattern", Value: ix.keys}, {Key: "keyValue", Value: kv}}}
}
