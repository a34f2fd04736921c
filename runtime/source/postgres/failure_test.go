package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/runtime/source"
)

// What is the operator's trouble must never cost a write, whatever SQLSTATE it comes with.
func TestOperatorsTroubleIsNoRefusal(t *testing.T) {
	for code, want := range map[string]source.Class{
		"42P01": source.Misconfigured, "42703": source.Misconfigured, "42501": source.Misconfigured, "3D000": source.Misconfigured,
		"28P01": source.Misconfigured, "28000": source.Misconfigured, "25006": source.Misconfigured, "25P03": source.Down, "53300": source.Down, "57P03": source.Down, "53100": source.Down, "57014": source.Down, "26000": source.Down, "42P05": source.Down,
		"23505": source.Refused, "55000": source.Refused,
	} {
		if f := source.FailureOf(translate(fmt.Errorf("writing: %w", &pgconn.PgError{Code: code}))); f.Class != want || (want == source.Misconfigured || code == "53100" || code == "53300" || code == "57014") && f.Hint == "" {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

// What has no SQLSTATE of its own is told by the server's function, not by its words: those follow lc_messages.
func TestErrorsInAnyLanguage(t *testing.T) {
	for _, c := range []struct {
		err   pgconn.PgError
		class source.Class
		code  string
	}{
		{pgconn.PgError{Code: "42501", Message: "neue Zeile verletzt Policy für Sicherheit auf Zeilenebene für Tabelle „notes“", Routine: "ExecWithCheckOptions"}, source.Refused, "UNAUTHORIZED"},
		{pgconn.PgError{Code: "42501", Message: "keine Berechtigung für Tabelle notes", Routine: "aclcheck_error"}, source.Misconfigured, "source_privilege"},
		{pgconn.PgError{Code: "0A000", Message: "gecachter Plan darf den Ergebnistyp nicht ändern", Routine: "RevalidateCachedQuery"}, source.Conflict, "conflict"},
	} {
		if f := source.FailureOf(translate(&c.err)); f.Class != c.class || f.Code != c.code {
			t.Errorf("%s: %+v", c.err.Message, f)
		}
	}
}

// A statement that commits by itself and was answered with an error has not been committed, and is not tried again at
// once: what outran statement_timeout would outrun it for 20 seconds. Only where the answer did not come, nobody knows.
func TestWhatIsKnownOfAStatementThatCommits(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		class source.Class
		code  string
	}{
		"statement_timeout":    {&pgconn.PgError{Code: "57014", SeverityUnlocalized: "ERROR"}, source.Down, "source_down"},
		"the disk is full":     {&pgconn.PgError{Code: "53100", SeverityUnlocalized: "ERROR"}, source.Down, "source_down"},
		"the server shut down": {&pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, source.Unknown, "commit_unknown"},
		"the connection ended": {net.ErrClosed, source.Unknown, "commit_unknown"},
		"a constraint":         {&pgconn.PgError{Code: "23514", SeverityUnlocalized: "ERROR"}, source.Refused, "CHECK_VIOLATION"},
	} {
		if f := unknown(source.FailureOf(translate(c.err))); f.Class != c.class || f.Code != c.code {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// Extensions report what is wrong with a value as an internal error (an invalid geometry of PostGIS). Held back, such a
// write would block its device for ever, and open the breaker for everybody else.
func TestInternalErrorsOfOneWrite(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		class source.Class
	}{
		"of a value":         {&pgconn.PgError{Code: "XX000", SeverityUnlocalized: "ERROR", Message: "parse error - invalid geometry"}, source.Refused},
		"the server ends":    {&pgconn.PgError{Code: "XX000", SeverityUnlocalized: "FATAL"}, source.Down},
		"data are corrupted": {&pgconn.PgError{Code: "XX001", SeverityUnlocalized: "ERROR"}, source.Down},
		"a pooler is full":   {fmt.Errorf("connecting: %w", errors.Join(&pgconn.ConnectError{}, &pgconn.PgError{Code: "XX000", SeverityUnlocalized: "FATAL"})), source.Down},
	} {
		if f := source.FailureOf(translate(c.err)); f.Class != c.class {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// An address that the server does not let in looks like a refused log-in by its code; password and allow-list are
// mended in different places.
func TestAnAddressThatIsNotLetInIsNotAWrongPassword(t *testing.T) {
	for message, want := range map[string]string{
		`password authentication failed for user "app"`:                                           "source_login",
		`no pg_hba.conf entry for host "203.0.113.7", user "app", database "shop", no encryption`: "source_not_let_in",
	} {
		f := source.FailureOf(translate(&pgconn.PgError{Code: "28000", Message: message}))
		if f.Code != want || f.Class != source.Misconfigured || f.Hint == "" || checkName(f) != map[string]string{"source_login": "credentials", "source_not_let_in": "dial"}[want] {
			t.Errorf("%s: %+v, check %s", message, f, checkName(f))
		}
	}
}

// A name that is not there is no server that is down.
func TestAHostNameThatDoesNotResolve(t *testing.T) {
	f := source.FailureOf(translate(fmt.Errorf("connecting: %w", &net.DNSError{Err: "no such host", Name: "db.example", IsNotFound: true})))
	if f.Class != source.Down || f.Message != "The database's host name does not resolve." || fix(f) != "Check its spelling in the connection string." || checkName(f) != "dial" {
		t.Errorf("%+v: %s", f, fix(f))
	}
}

// Without a connection the database has not seen the write, which so is not to blame for anything.
func TestWhatTheDatabaseHasNotSeen(t *testing.T) {
	nobody := net.ListenConfig{}
	l, err := nobody.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, refused := pgconn.Connect(t.Context(), "postgres://u@"+address+"/d?sslmode=disable")
	for name, c := range map[string]struct {
		err     error
		untried bool
	}{
		"nobody listens":          {refused, true},
		"no free connection":      {unasked(context.DeadlineExceeded), true},
		"no answer":               {context.DeadlineExceeded, false},
		"the server told":         {&pgconn.PgError{Code: "57014"}, false},
		"the connection is ended": {net.ErrClosed, false},
	} {
		if f := source.FailureOf(translate(c.err)); f.Class != source.Down || f.Untried != c.untried {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
