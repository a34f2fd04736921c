package pgtest_test

import (
	"context"
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

// TestLike: what is prepared once is in every copy, and what a copy does is in no other.
func TestLike(t *testing.T) {
	prepared := 0
	prepare := func(ctx context.Context, url string) error {
		prepared++
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, `CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)`)
		return err
	}
	for range 3 {
		conn, err := pgx.Connect(t.Context(), pgtest.Like(t, prepare))
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM mine`).Scan(&rows); err != nil || rows != 1 {
			t.Errorf("a copy has %d rows: %v", rows, err)
		}
		if _, err := conn.Exec(t.Context(), `INSERT INTO mine VALUES (2)`); err != nil {
			t.Error(err)
		}
		_ = conn.Close(t.Context())
	}
	if prepared != 1 {
		t.Errorf("prepared %d times", prepared)
	}
}
