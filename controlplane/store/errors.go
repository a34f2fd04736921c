package store

import (
	"context"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/internal/fault"
)

// codeContended marks a transaction that others got in the way of; InTx tries it again.
const codeContended = "contended"

// duplicates names what a unique constraint protects, for people.
var duplicates = map[string]*fault.Error{
	"users_email":         fault.New(fault.Conflict, "email_taken", "That e-mail address already has an account."),
	"passkeys_credential": fault.New(fault.Conflict, "passkey_known", "That passkey is registered already."),
	"members_pkey":        fault.New(fault.Conflict, "already_member", "That person is already a member."),
}

// translate turns the driver's errors into faults; it is the only place that reads SQLSTATEs. Raw
// database text stays in the cause, for logs.
func translate(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if isNoRows(err) {
		return fault.Wrap(err, fault.NotFound, "not_found", "There is no such thing.")
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translateState(err, pg)
	}
	var dial *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &dial) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return unavailable(err)
	}
	return fault.Of(err)
}

func translateState(err error, pg *pgconn.PgError) error {
	switch pg.Code {
	case "23505": // unique_violation
		if f := duplicates[pg.ConstraintName]; f != nil {
			return f
		}
		return fault.Wrap(err, fault.Conflict, "already_exists", "Something of that name already exists.")
	case "23503": // foreign_key_violation
		return fault.Wrap(err, fault.Conflict, "reference_missing", "Something that this refers to is gone, or still in use.")
	case "22021", "22P05": // text that PostgreSQL cannot keep, such as NUL
		return fault.Wrap(err, fault.Invalid, "invalid_text", "Text must be valid UTF-8 without NUL characters.")
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return fault.Wrap(err, fault.Unavailable, codeContended, "Others changed the same things at the same time. Try again.")
	}
	switch pg.Code[:2] {
	case "08", "53", "57", "28", "3D": // connection, resources, operator intervention, log-in, database
		return unavailable(err)
	}
	return fault.Of(err)
}

func unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "database_unavailable", "The control plane's database does not answer.")
}
