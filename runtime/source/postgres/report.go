package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
)

// oldest server that is supported.
const oldest = 130000

// Test implements source.Source: it goes as far as it can and says what to do where it stops.
func (s *Source) Test(ctx context.Context) (*source.TestReport, error) {
	report := &source.TestReport{OK: true}
	add := func(c source.Check) {
		report.Checks = append(report.Checks, c)
		report.OK = report.OK && c.OK
	}
	pool, err := s.connections(ctx)
	if err != nil {
		f := source.FailureOf(err)
		add(source.Check{Name: checkName(f), Message: f.Message, Fix: fix(f)})
		return report, nil
	}
	add(source.Check{Name: "dial", OK: true, Message: "The server answers."})
	add(source.Check{Name: "credentials", OK: true, Message: "The log-in works."})
	if err := s.measure(ctx, pool, report, add); err != nil {
		return nil, translate(err)
	}
	report.Mode = s.Mode()
	if ok, err := s.prepared(ctx, pool); err != nil {
		return nil, err
	} else if ok {
		add(source.Check{Name: "prepared", OK: true, Message: "Turnkey's own tables are there."})
	} else if may, err := s.mayCreate(ctx, pool); err != nil {
		return nil, translate(err)
	} else if may {
		add(source.Check{Name: "prepared", OK: true, Message: "Turnkey's own tables will be made at the first deployment."})
	} else {
		add(source.Check{Name: "prepared", Message: "The database user may not create Turnkey's own tables.",
			Fix: "Run the statements as a user who may.", Statements: append(s.layout(), s.grants()...)})
	}
	return report, nil
}

func (s *Source) measure(ctx context.Context, pool *pgxpool.Pool, report *source.TestReport, add func(source.Check)) error {
	var version string
	var number int
	var readOnly, super, bypass, roles bool
	var trips []time.Duration
	for range 5 {
		start := s.opt.Now()
		err := pool.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
			current_setting('transaction_read_only')::bool, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user`).Scan(&version, &number, &readOnly, &super, &bypass, &roles)
		if err != nil {
			return err
		}
		trips = append(trips, s.opt.Now().Sub(start))
	}
	slices.Sort(trips)
	report.Powers = powers(super, bypass, roles)
	report.Server, report.Latency = "PostgreSQL "+version, trips[len(trips)/2].Microseconds()
	add(source.Check{Name: "version", OK: number >= oldest, Message: report.Server + ".", Fix: when(number < oldest, "Upgrade to PostgreSQL 13 or newer.")})
	add(source.Check{Name: "transactions", OK: !readOnly, Message: when(!readOnly, "Transactions can write.") + when(readOnly, "The server only reads."),
		Fix: when(readOnly, "Use the address of the primary.")})
	if rls := s.opt.RLS; rls != nil {
		var member bool
		if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AND pg_has_role(current_user, (SELECT oid FROM pg_roles WHERE rolname = $1), 'MEMBER')", rls.Role).Scan(&member); err != nil {
			member = false
		}
		add(source.Check{Name: "row_level_security", OK: member, Message: when(member, "Requests run as "+rls.Role+".") + when(!member, "The database user may not become the role "+rls.Role+"."),
			Fix: when(!member, "GRANT "+rls.Role+" TO "+strconv.Quote(s.config.User)+";")})
	}
	return nil
}

// powers are what a role may do beyond what it was granted on tables.
func powers(super, bypass, roles bool) []string {
	out := []string{}
	if super {
		return append(out, "it is a superuser")
	}
	if bypass {
		out = append(out, "it passes row-level security by")
	}
	if roles {
		out = append(out, "it may make and change roles")
	}
	return out
}

func (s *Source) mayCreate(ctx context.Context, q querier) (may bool, err error) {
	err = q.QueryRow(ctx, `SELECT coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1),
		has_database_privilege(current_database(), 'CREATE'))`, s.opt.Schema).Scan(&may)
	return may, err
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

func checkName(f *source.Failure) string {
	switch f.Code {
	case "source_login":
		return "credentials"
	case "source_not_let_in":
		return "dial"
	case "source_tls", "tls_required":
		return "tls"
	case "source_database_missing":
		return "database"
	}
	return "dial"
}

func fix(f *source.Failure) string {
	if f.Hint != "" {
		return f.Hint
	}
	var timeout interface{ Timeout() bool }
	if errors.As(f.Err, &timeout) && timeout.Timeout() {
		return "Nothing answers at this address: allow this runtime's addresses in the database's firewall, and check host and port."
	}
	return "Check host and port, and let this runtime's addresses in: with a managed database under its network restrictions, elsewhere in the firewall and in listen_addresses."
}
