package mongo

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// The driver's labels for errors inside transactions.
const (
	labelTransient = "TransientTransactionError"
	labelUnknown   = "UnknownTransactionCommitResult"
)

// codeConflict is the Failure's code where another transaction was in the way.
const codeConflict = "write_conflict"

// Codes of the server that say that it does not know the transaction.
const (
	codeTransactionTooOld = 225
	codeNoSuchTransaction = 251
)

// translate turns any error of the driver, of ours or of a dial into a Failure. Change is the index
// that the server named inside its command; the caller maps it to the change.
func translate(err error) *source.Failure {
	if err == nil {
		return nil
	}
	var own *source.Failure
	if errors.As(err, &own) {
		return own
	}
	var we mongo.WriteException
	if errors.As(err, &we) {
		return translateWrite(err, we)
	}
	var ce mongo.CommandError
	if errors.As(err, &ce) && ce.Code != 0 {
		f := byCode(int(ce.Code), ce.Message, ce.Raw)
		if ce.HasErrorLabel(labelTransient) && f.Class != source.Misconfigured {
			f = transient(f)
		}
		f.Err = err
		return f
	}
	if f := translateDial(err); f != nil {
		return f
	}
	var selection topology.ServerSelectionError
	if labelled(err, labelTransient) && !errors.As(err, &selection) && !mongo.IsTimeout(err) && !errors.Is(err, context.Canceled) {
		// The connection broke. The next try finds out whether the database can be reached.
		return failure(source.Conflict, "connection_lost", "The connection to the database broke.", err)
	}
	if errors.Is(err, mongo.ErrClientDisconnected) {
		f := failure(source.Down, "source_closed", "The database connection is being replaced.", err)
		f.Untried = true
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || mongo.IsTimeout(err) || mongo.IsNetworkError(err) {
		f := down(err)
		var waited topology.WaitQueueTimeoutError
		f.Untried = errors.As(err, &selection) || errors.As(err, &waited)
		return f
	}
	return failure(source.Down, "source_error", "The database could not process the request.", err)
}

// transient makes a conflict of what the label says may be tried again: another write was in the way,
// or the server has stopped being the primary. The next try waits for the new one, and is Down when
// none comes.
func transient(f *source.Failure) *source.Failure {
	if f.Class == source.Down {
		return failure(source.Conflict, "primary_changed", "The database is changing its primary.", nil)
	}
	return failure(source.Conflict, codeConflict, "Another write was in the way.", nil)
}

// translateDial looks for what a connection could not be made of: it is the operator's to mend when
// the address or the log-in is refused, else the database is down.
func translateDial(err error) *source.Failure {
	var own *fault.Error
	if errors.As(err, &own) {
		class := source.Misconfigured
		if own.Kind == fault.Unavailable || own.Kind == fault.Internal {
			class = source.Down
		}
		return &source.Failure{Class: class, Code: own.Code, Message: own.Message, Hint: own.Hint, Change: -1, Err: err}
	}
	// A refused SCRAM conversation reaches us wrapped in a connection error of the driver.
	if text := err.Error(); strings.Contains(text, "unable to authenticate") || strings.Contains(text, "auth error") {
		return unauthenticated(err)
	}
	return nil
}

func translateWrite(err error, we mongo.WriteException) *source.Failure {
	if len(we.WriteErrors) == 0 {
		f := down(err)
		if wc := we.WriteConcernError; wc != nil {
			f = failure(source.Unknown, "write_concern", "The database could not confirm the write.", err)
		}
		return f
	}
	first := we.WriteErrors[0]
	f := byCode(first.Code, first.Message, first.Raw)
	if f.Class == source.Refused && f.Code == "UNCLASSIFIED_ERROR" && we.HasErrorLabel(labelTransient) {
		f = transient(f)
	}
	f.Change, f.Err = first.Index, err
	return f
}

// byCode sorts the server's own error codes.
func byCode(code int, message string, raw bson.Raw) *source.Failure {
	switch code {
	case 112, 251, 24, 46, 225, 244, 246: // WriteConflict, NoSuchTransaction, LockTimeout, LockBusy, TransactionTooOld, TransactionAborted, SnapshotUnavailable
		return failure(source.Conflict, codeConflict, "Another write was in the way.", nil)
	case 11000, 11001, 12582:
		return duplicate(raw)
	case 121:
		return validation(raw)
	case 13:
		f := failure(source.Misconfigured, "source_unauthorized", "The database user lacks a privilege.", nil)
		f.Hint = "Grant the database user the role readWrite on the database."
		return f
	case 18, 8000, 11: // AuthenticationFailed, AtlasError, UserNotFound
		return unauthenticated(nil)
	case 10334, 17280, 17419, 17420, 10383, 1101, 10003: // too large, index key too long
		return tooLarge(nil)
	case 20:
		if strings.Contains(message, "Transaction numbers") || strings.Contains(message, "replica set") {
			return noTransactions()
		}
		return failure(source.Refused, "INVALID_DATA", "The database refused the value.", nil)
	case 263, 303: // OperationNotSupportedInTransaction, unsupported feature
		if strings.Contains(message, "capped") || strings.Contains(message, "time-series") {
			f := failure(source.Misconfigured, "source_collection", "A collection that the configuration names takes no writes in transactions.", nil)
			f.Hint = "Capped and time series collections cannot be written to: take the table out of the configuration, or give it an ordinary collection."
			return f
		}
		return noTransactions()
	case 2, 9, 14, 16, 28, 39, 40, 52, 53, 55, 56, 57, 66, 16755, 16837, 17261, 10065, 31249:
		// BadValue, FailedToParse, TypeMismatch, UnsuitableValueType, PathNotViable, BadRegex..., names
		// of fields, _id of a wrong type, ImmutableField
		return failure(source.Refused, "INVALID_DATA", "The database refused the value.", nil)
	case 26, 73, 48: // NamespaceNotFound, InvalidNamespace, NamespaceExists
		f := failure(source.Misconfigured, "source_collection", "A collection that the configuration names cannot be used.", nil)
		f.Hint = "Check its name under tables, and that it exists."
		return f
	case 166, 289: // views, time series: CommandNotSupportedOnView and the like
		f := failure(source.Misconfigured, "source_collection", "A collection that the configuration names is a view.", nil)
		f.Hint = "Give the table the collection under the view."
		return f
	case 59, 115, 238, 72: // CommandNotFound, CommandNotSupported, NotImplemented, InvalidOptions
		return failure(source.Misconfigured, "source_unsupported", "The database does not support a command that we need.", nil)
	case 64, 79, 100, 50: // at commit the caller makes them Unknown
		return down(nil)
	}
	switch code {
	case 6, 7, 89, 91, 133, 134, 189, 262, 462, 9001, 10058, 10107, 11600, 11601, 11602, 13435, 13436, 13388, 202, 279, 8, 1, 0, 43, 203, 290, 50915:
		return down(nil)
	}
	return failure(source.Refused, "UNCLASSIFIED_ERROR", "The database refused the change.", nil)
}

// duplicate is a conflict when it is about _id, which only a concurrent insert can cause after a
// read found no such row; any other index is a constraint of the customer's.
func duplicate(raw bson.Raw) *source.Failure {
	pattern, _ := raw.Lookup("keyPattern").DocumentOK()
	var names []string
	if elements, err := pattern.Elements(); err == nil {
		for _, e := range elements {
			names = append(names, e.Key())
		}
	}
	message, _ := raw.Lookup("errmsg").StringValueOK()
	if len(names) == 1 && names[0] == "_id" || len(names) == 0 && strings.Contains(message, "index: _id_ ") {
		return failure(source.Conflict, "row_exists", "A row with this id was created at the same time.", nil)
	}
	f := failure(source.Refused, "UNIQUE_VIOLATION", "Another row has the same value in a field that must be unique.", nil)
	f.Field = strings.Join(names, ",")
	return f
}

// validation names the properties that failed; their values stay with the operators.
func validation(raw bson.Raw) *source.Failure {
	f := failure(source.Refused, "DOCUMENT_VALIDATION_FAILURE", "The row does not have the form that the database demands.", nil)
	seen := map[string]bool{}
	failing(raw.Lookup("errInfo", "details"), "", seen, &f.Field, 0)
	if f.Field != "" {
		f.Hint = "Look at: " + f.Field + "."
	}
	return f
}

// failing collects property names from errInfo.details: propertiesNotSatisfied[].propertyName and
// missingProperties[], at any depth.
func failing(v bson.RawValue, prefix string, seen map[string]bool, out *string, depth int) {
	add := func(name string) {
		if name = prefix + name; !seen[name] && len(seen) < 10 && len(name) <= 120 {
			seen[name] = true
			if *out != "" {
				*out += ", "
			}
			*out += name
		}
	}
	if depth > 12 {
		return
	}
	if a, ok := v.ArrayOK(); ok {
		values, _ := a.Values()
		for _, e := range values {
			failing(e, prefix, seen, out, depth+1)
		}
		return
	}
	d, ok := v.DocumentOK()
	if !ok {
		return
	}
	if name, ok := d.Lookup("propertyName").StringValueOK(); ok {
		if inner := d.Lookup("details"); strings.Contains(inner.String(), "propertyName") {
			failing(inner, prefix+name+".", seen, out, depth+1)
		} else {
			add(name)
		}
		return
	}
	if missing, ok := d.Lookup("missingProperties").ArrayOK(); ok {
		values, _ := missing.Values()
		for _, e := range values {
			if name, ok := e.StringValueOK(); ok {
				add(name)
			}
		}
	}
	elements, _ := d.Elements()
	for _, e := range elements {
		switch e.Value().Type {
		case bson.TypeArray, bson.TypeEmbeddedDocument:
			failing(e.Value(), prefix, seen, out, depth+1)
		}
	}
}

func failure(class source.Class, code, message string, err error) *source.Failure {
	return &source.Failure{Class: class, Code: code, Message: message, Change: -1, Err: err}
}

func down(err error) *source.Failure {
	return failure(source.Down, "source_down", "The database does not answer.", err)
}

func unauthenticated(err error) *source.Failure {
	f := failure(source.Misconfigured, "source_login_refused", "The database refused the log-in.", err)
	f.Hint = "Check user name, password and authSource in the source's connection string."
	return f
}

func noTransactions() *source.Failure {
	f := failure(source.Misconfigured, "transactions_unavailable", "The database does not support transactions.", nil)
	f.Hint = "Use a replica set: start mongod with --replSet and run rs.initiate() (one member is enough), or use Atlas."
	return f
}

func labelled(err error, label string) bool {
	var l mongo.LabeledError
	return errors.As(err, &l) && l.HasErrorLabel(label)
}
