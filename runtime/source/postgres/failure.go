package postgres

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

func closedFailure() *source.Failure {
	return &source.Failure{Class: source.Down, Code: "source_closed", Message: "The instance is being replaced; try again.", Change: -1, Untried: true}
}

// unasked translates the error of a connection that was not to be had: the database has not seen the statement.
func unasked(err error) *source.Failure {
	f := *source.FailureOf(translate(err))
	f.Untried = true
	return &f
}

func refused(code, message string) *source.Failure {
	return &source.Failure{Class: source.Refused, Code: code, Message: message, Change: -1}
}

// translate is the border: every pgx error becomes a *source.Failure here.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *source.Failure
	if errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	untried := errors.As(err, &connecting) || pgconn.SafeToRetry(err)
	if errors.As(err, &pg) {
		f := classify(pg)
		if f.Class == source.Refused && connecting != nil { // no row has been looked at
			f.Class, f.Code, f.Message, f.Field = source.Down, "source_down", "The database takes no connections.", ""
			f.Hint = "The server says: " + pg.Message + "."
		}
		f.Err, f.Change, f.Untried = err, -1, untried
		return f
	}
	f := &source.Failure{Class: source.Down, Code: "source_down", Message: "The database does not answer.", Change: -1, Err: err, Untried: untried}
	var own *fault.Error
	var network net.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &own): // the dialer's or ours
		f.Class, f.Code, f.Message, f.Hint = source.Misconfigured, own.Code, own.Message, own.Hint
	case errors.As(err, &name) && name.IsNotFound:
		f.Message, f.Hint = "The database's host name does not resolve.", "Check its spelling in the connection string."
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Code, f.Message = "source_timeout", "The database did not answer in time."
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:"):
		f.Class, f.Code, f.Message = source.Misconfigured, "source_tls", "The database's certificate could not be verified."
		f.Hint = "The server needs a certificate from a public authority for the host in the connection string."
	case errors.As(err, &network):
	}
	return f
}

// failure translates errors of statements that may have touched our own tables. A taken key there is
// somebody else who processed the same, never the data's fault.
func (s *Source) failure(err error) *source.Failure {
	var pg *pgconn.PgError
	ours := errors.As(err, &pg) && (pg.SchemaName == s.opt.Schema || strings.Contains(pg.Message, `"`+s.opt.Schema+".") || strings.HasSuffix(pg.Message, "schema "+s.opt.Schema) || ofAnEarlierLayout(pg))
	if ours {
		return s.ownFailure(err)
	}
	return source.FailureOf(translate(err))
}

// ownFailure translates errors of statements that touch nothing but our own tables.
func (s *Source) ownFailure(err error) *source.Failure {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "23505":
			f := moved()
			f.Err = err
			return f
		case "42P01", "42703", "3F000", "42501":
			return source.FailureOf(s.notPrepared(err))
		}
	}
	return source.FailureOf(translate(err))
}

// moved is the conflict of something that somebody else changed, made or deleted since it was read.
func moved() *source.Failure {
	return &source.Failure{Class: source.Conflict, Code: "conflict", Message: "Another write was in the way.", Change: -1}
}

// Functions of the server that report what has no SQLSTATE of its own. Unlike its words they are the same in every
// language (lc_messages).
const (
	checksPolicies   = "ExecWithCheckOptions"
	revalidatesPlans = "RevalidateCachedQuery"
)

// classify sorts by SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html
func classify(pg *pgconn.PgError) *source.Failure {
	field := pg.ConstraintName
	if field == "" {
		field = pg.ColumnName
	}
	make := func(class source.Class, code, message string) *source.Failure {
		return &source.Failure{Class: class, Code: code, Message: message, Field: field}
	}
	switch pg.Code {
	case "40001", "40P01", "55P03", "0A000":
		if pg.Code != "0A000" || pg.Routine == revalidatesPlans || strings.Contains(pg.Message, "cached plan") {
			return make(source.Conflict, "conflict", "Another write was in the way.")
		}
		return make(source.Refused, "SCHEMA_MISMATCH", "The table cannot be written like this.")
	case "42501":
		if pg.Routine == checksPolicies || strings.Contains(pg.Message, "row-level security") {
			return make(source.Refused, "UNAUTHORIZED", "Row-level security does not allow this row.")
		}
		return withHint(make(source.Misconfigured, "source_privilege", "The database user lacks a privilege."), "Grant the database user what the table needs: "+pg.Message+".")
	case "42P01", "3F000":
		return withHint(make(source.Misconfigured, "source_table_missing", "A configured table does not exist."), "Create it, or correct tables in the configuration.")
	case "42703":
		return withHint(make(source.Misconfigured, "source_column_missing", "A configured column does not exist."), "Create it, or correct the field's path in the configuration.")
	case "42P10":
		return withHint(make(source.Misconfigured, "source_key", "The key column of a table is neither its primary key nor unique."), "Set tables.<name>.key to the primary key.")
	case "XX000": // what has no code of its own: extensions say so of values (PostGIS, PL/v8), the server of itself when it ends
		if pg.SeverityUnlocalized == "FATAL" || pg.SeverityUnlocalized == "PANIC" {
			return make(source.Down, "source_down", "The database cannot serve at the moment.")
		}
		return make(source.Refused, "UNCLASSIFIED_ERROR", "The database failed on this write.")
	case "72000": // snapshot too old
		return make(source.Conflict, "conflict", "Another write was in the way.")
	case "26000", "42P05": // prepared statements are gone or taken: a pooler that we took for the server
		return make(source.Down, "source_down", "The database cannot serve at the moment.")
	case "53100":
		return withHint(make(source.Down, "source_down", "The database's disk is full."), "Make room on the server's disk.")
	case "53300":
		return withHint(make(source.Down, "source_down", "The database has no connection left for us."), "Raise max_connections or the user's limit, or close what keeps connections open.")
	case "57014":
		return withHint(make(source.Down, "source_down", "The database ended a statement before it was done."), "Look at statement_timeout of the user and the database, and at what keeps the table busy.")
	case "25006":
		return withHint(make(source.Misconfigured, "source_read_only", "The database takes no writes."), "Connect to the primary, and look at default_transaction_read_only and at the disk's space.")
	case "3D000":
		return withHint(make(source.Misconfigured, "source_database_missing", "The database does not exist."), "Correct the connection string.")
	case "23502":
		return make(source.Refused, "NOT_NULL_VIOLATION", "A required column is missing or null.")
	case "23503":
		return make(source.Refused, "FOREIGN_KEY_VIOLATION", "The row refers to one that does not exist, or is still referred to.")
	case "23505":
		return make(source.Refused, "UNIQUE_VIOLATION", "Another row has the same value where it must be unique.")
	case "23514":
		return make(source.Refused, "CHECK_VIOLATION", "A value is outside of what the database allows.")
	case "54000":
		return make(source.Refused, "PAYLOAD_TOO_LARGE", "The row is larger than the database can store.")
	}
	switch pg.Code[:2] {
	case "22":
		return make(source.Refused, "INVALID_DATA", "A value cannot be stored in its column.")
	case "23", "27", "44", "P0":
		return make(source.Refused, "CONSTRAINT_VIOLATION", "The database's own rules refuse the row.")
	case "28":
		if strings.Contains(pg.Message, "pg_hba.conf") { // the address, or the lack of TLS, is what is refused
			f := make(source.Misconfigured, "source_not_let_in", "The server lets nobody in from this runtime's address, or not without TLS.")
			return withHint(f, "Allow this runtime's addresses (in the provider's network settings, or in pg_hba.conf), and add sslmode=require to the connection string if it is not there.")
		}
		return withHint(make(source.Misconfigured, "source_login", "The database refused the log-in."), "Correct user and password in the connection string.")
	case "42":
		return make(source.Refused, "SCHEMA_MISMATCH", "The row does not fit the table.")
	case "08", "25", "53", "57", "58", "XX":
		return make(source.Down, "source_down", "The database cannot serve at the moment.")
	}
	return make(source.Refused, "UNCLASSIFIED_ERROR", "The database refused the write.")
}

// withHint adds what an operator can do.
func withHint(f *source.Failure, hint string) *source.Failure {
	f.Hint = hint
	return f
}
