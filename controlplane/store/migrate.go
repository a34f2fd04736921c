package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"turnkey/internal/redact"
	"turnkey/migrations"
)

// Migrate brings the schema up to date. Any number of replicas may call it at the same time: one works
// and the others wait. The lock belongs to a session, so the URL must reach PostgreSQL directly and not
// through a transaction pooler.
func Migrate(ctx context.Context, url redact.Secret) error {
	config, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return badURL()
	}
	config.ConnectTimeout = connectTimeout
	sql := stdlib.OpenDB(*config)
	defer func() { _ = sql.Close() }() // nothing is left to flush
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sql, migrations.Files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the control plane's database: %w", translate(err))
	}
	return nil
}
