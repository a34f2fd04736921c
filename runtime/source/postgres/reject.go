package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

// partSize bounds one row of payloads: PostgreSQL and its replicas take small rows more gladly.
const partSize = 4 << 20

// Reject implements source.Source. It runs as the connection's own user, whatever role clients have.
func (s *Source) Reject(ctx context.Context, rejections []source.Rejection) error {
	pool, err := s.connections(ctx)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for i := range rejections {
			if err := s.reject(ctx, tx, &rejections[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return translate(err)
}

func (s *Source) reject(ctx context.Context, tx pgx.Tx, r *source.Rejection) error {
	tag, err := tx.Exec(ctx, "INSERT INTO "+s.schema+`.turnkey_rejections
		(id, user_id, table_name, row_id, error_code, message, hint, status, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8) ON CONFLICT (id) DO NOTHING`,
		r.ID, r.UserID, r.TableName, r.RowID, r.ErrorCode, r.Message, r.Hint, r.CreatedAt)
	if err != nil || tag.RowsAffected() == 0 {
		return err // stored already
	}
	b := &pgx.Batch{}
	b.Queue("INSERT INTO "+s.schema+`.rejection_details (id, client_id, request_id, deployment, operation, detail, payload_bytes)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.ID, r.ClientID, r.RequestID, int32(r.Deployment), int32(r.Operation), r.Detail, int64(len(r.Payload)))
	s.parts(b, r.ID, "payload", r.Payload)
	s.parts(b, r.ID, "client", r.Client)
	return tx.SendBatch(ctx, b).Close()
}

func (s *Source) parts(b *pgx.Batch, id, kind string, data []byte) {
	for part := int32(0); len(data) > 0; part++ {
		n := min(len(data), partSize)
		b.Queue("INSERT INTO "+s.schema+".payloads (id, kind, part, data) VALUES ($1, $2, $3, $4)", id, kind, part, data[:n])
		data = data[n:]
	}
}
