package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The baseline: the same writes by the bare driver in its fastest form, one transaction for each
// group, no HTTP, no rules, nothing typed. What Turnkey adds is measured against it in the same run.

const (
	bareUpsert = `INSERT INTO bench_bare (id, owner_id, title, done, priority, due) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, title = excluded.title, done = excluded.done,
		priority = excluded.priority, due = excluded.due`
	barePatch = `UPDATE bench_bare SET title = $2, done = $3 WHERE id = $1`
)

// bareWorkers make size operations a transaction on connections of their own pool.
func bareWorkers(pool *pgxpool.Pool, work workload, size int, next *atomic.Int64) []worker {
	workers := make([]worker, connections)
	for i := range workers {
		span := rows{next: next, patch: work == patches, at: i * rowsEach, from: i * rowsEach}
		workers[i] = func(ctx context.Context) (int, error) {
			return size, bareTransaction(ctx, pool, work, span.take(size))
		}
	}
	return workers
}

func bareTransaction(ctx context.Context, pool *pgxpool.Pool, work workload, ids []int64) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("bare driver: %w", err)
	}
	defer conn.Release()
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ")
	due := time.Date(2026, 5, 1, 8, 30, 0, 0, time.UTC)
	for _, id := range ids {
		if work == puts {
			batch.Queue(bareUpsert, rowID(id), benchUser, titleOf(id), false, int32(id%10), due)
		} else {
			batch.Queue(barePatch, rowID(id), titleOf(id+1), true)
		}
	}
	batch.Queue("COMMIT")
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("bare driver: %w", err)
	}
	return nil
}
