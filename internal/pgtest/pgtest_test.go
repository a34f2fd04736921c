package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestDatabasesAreApart: what one test writes, another never sees, and a new database is empty.
func TestDatabasesAreApart(t *testing.T) {
	ctx := t.Context()
	first, second := pgtest.URL(t), pgtest.URL(t)
	if first == second {
		t.Fatal("two calls gave the same database")
	}
	one, err := pgx.Connect(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Close(ctx) }()
	if _, err := one.Exec(ctx, `CREATE TABLE mine (id int)`); err != nil {
		t.Fatal(err)
	}
	two, err := pgx.Connect(ctx, second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = two.Close(ctx) }()
	var tables int
	if err := two.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Fatalf("a fresh database has %d tables", tables)
	}
}

// TestDatabaseEndsWithItsTest: also while a connection is open.
func TestDatabaseEndsWithItsTest(t *testing.T) {
	ctx := t.Context()
	var name string
	t.Run("inner", func(t *testing.T) {
		conn, err := pgx.Connect(ctx, pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(ctx, `SELECT current_database()`).Scan(&name); err != nil {
			t.Fatal(err)
		}
		// Left open on purpose: a leaked pool must not keep the database.
	})
	conn, err := pgx.Connect(ctx, pgtest.Cluster(t).AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var left int
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_database WHERE datname = $1`, name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if name == "" || left != 0 {
		t.Fatalf("database %q is still there", name)
	}
}
