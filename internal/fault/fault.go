// Package fault is the one error type of the house: a stable code for programs, a safe message and
// a hint for people, and the wrapped cause for logs. A library's errors are translated into faults
// once, at the border where the library is called.
//
// It must not know HTTP, SQL or any noun of the product: the borders map a Kind to their own terms.
package fault

import (
	"errors"
	"fmt"
)

// Kind sorts faults by what the caller can do about them. The borders (HTTP, exit codes, upload
// results) map kinds; nothing else in the house switches on them.
type Kind int

const (
	// Internal is our own defect; its message is never shown to strangers. The zero Kind.
	Internal Kind = iota
	// Invalid: the request is wrong and stays wrong until the caller changes it.
	Invalid
	// Unauthenticated: no credentials, or credentials that do not verify.
	Unauthenticated
	// Forbidden: known caller, not allowed.
	Forbidden
	// NotFound: absent, or not the caller's (the two must look alike).
	NotFound
	// Conflict: the state moved on, or something of that name exists.
	Conflict
	// PreconditionRequired: the request must say which version it edits.
	PreconditionRequired
	// PreconditionFailed: the version named is not the current one.
	PreconditionFailed
	// TooLarge: over a documented size limit.
	TooLarge
	// Limited: over a rate or quota; later is fine.
	Limited
	// Unavailable: a part that we or the operator run is down; later is fine.
	Unavailable
)

// Detail is one finding about one place of the input, such as a path of turnkey.yaml.
type Detail struct {
	// Path locates the value: "tables.todos.fields.due.type", or names a file.
	Path string `json:"path"`
	// Line and Column are the place in a file; they begin at 1, and 0 is unknown.
	Line   int `json:"line,omitzero"`
	Column int `json:"column,omitzero"`
	// Code is stable; Message is for people.
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Expectation is set where a test expected one thing and another came.
	Expectation *Expectation `json:"expectation,omitempty"`
}

// Expectation is what did not hold, values as text.
type Expectation struct {
	Matcher  string `json:"matcher"`
	Expected string `json:"expected"`
	Received string `json:"received"`
}

// Place is the path, with line and column as far as they are known: "hooks/todos.ts:3:7".
func (d Detail) Place() string {
	switch {
	case d.Line == 0:
		return d.Path
	case d.Column == 0:
		return fmt.Sprintf("%s:%d", d.Path, d.Line)
	}
	return fmt.Sprintf("%s:%d:%d", d.Path, d.Line, d.Column)
}

// Error is a fault. Message and Hint are safe to show to the caller; Err is for logs only.
type Error struct {
	Kind    Kind
	Code    string // stable, SCREAMING_SNAKE for upload results, snake_case elsewhere
	Message string
	Hint    string // what to change, naming the setting
	Details []Detail
	Err     error
}

// New makes a fault without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Newf is New with a formatted message; never format a secret or raw database text into it.
func Newf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault around a cause that only logs may see.
func Wrap(err error, kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Err: err}
}

// WithHint returns a copy that says what to change.
func (e *Error) WithHint(hint string) *Error {
	c := *e
	c.Hint = hint
	return &c
}

// WithDetails returns a copy that carries findings about places of the input.
func (e *Error) WithDetails(details ...Detail) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), details...)
	return &c
}

// Error is the text for logs: code, message and cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Of returns the fault inside err; an error that is none becomes an Internal fault around it.
// It returns nil for nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Message: "Something went wrong on our side.", Err: err}
}

// Is reports whether err is a fault with that code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// IsKind reports whether err is a fault of that kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
