package postgres

import (
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
		"28P01": source.Misconfigured, "28000": source.Misconfigured, "25006": source.Misconfigured, "25P03": source.Down, "53300": source.Down, "57P03": source.Down,
		"23505": source.Refused, "55000": source.Refused,
	} {
		if f := source.FailureOf(translate(fmt.Errorf("writing: %w", &pgconn.PgError{Code: code}))); f.Class != want || want == source.Misconfigured && f.Hint == "" {
			t.Errorf("%s: %+v", code, f)
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
