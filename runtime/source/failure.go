package source

import (
	"errors"
	"fmt"
)

// Class sorts failures by what the pipeline does next.
type Class uint8

const (
	// Conflict: another transaction was in the way. Run this one again, with fresh reads.
	Conflict Class = iota + 1
	// Unknown: the commit was sent and its outcome did not arrive. Run the transaction again; what
	// it does must be safe to repeat.
	Unknown
	// Down: the database does not answer or is overloaded. The client tries later.
	Down
	// Misconfigured: log-in or privilege refused, a table or column is missing. The operator has to
	// act; the client tries later and loses nothing. The instance shows as degraded.
	Misconfigured
	// Refused: the data breaks a constraint of the database and always will.
	Refused
)

// Failure is a driver's error, translated once.
type Failure struct {
	Class Class
	// Code is from the reference vocabulary for Refused (UNIQUE_VIOLATION, NOT_NULL_VIOLATION,
	// FOREIGN_KEY_VIOLATION, CHECK_VIOLATION, CONSTRAINT_VIOLATION, INVALID_DATA, SCHEMA_MISMATCH,
	// DOCUMENT_VALIDATION_FAILURE, UNAUTHORIZED, UNCLASSIFIED_ERROR), else one of ours, snake_case.
	Code string
	// Message and Hint are safe for the device's user; Field names a constraint or column when the
	// database told it.
	Message string
	Hint    string
	Field   string
	// Change is the index into Apply's changes, or -1 when the database did not tell.
	Change int
	Err    error // the driver's own, for operators
	// Untried: the database was not asked, so the failure says nothing of the write.
	Untried bool
}

// Error is the text for logs.
func (f *Failure) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Message, f.Err)
	}
	return f.Code + ": " + f.Message
}

// Unwrap gives the driver's error.
func (f *Failure) Unwrap() error { return f.Err }

// FailureOf returns the Failure inside err. An error that is none was not translated, which is a
// defect of the source; it counts as Down so that nothing is lost.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Class: Down, Code: "source_error", Message: "The database could not process the request.", Change: -1, Err: err}
}
