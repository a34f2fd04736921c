package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
)

// ListWatched implements controlplane.Tx.
func (t tx) ListWatched(ctx context.Context, instance string) ([]controlplane.Observed, error) {
	rows, err := t.q.ListWatched(ctx, instance)
	return each(rows, func(r db.ListWatchedRow) controlplane.Observed {
		return controlplane.Observed{
			ID: r.ID, Organization: r.OrganizationID, Project: r.ProjectID, Name: r.Name, Kind: bundle.Kind(r.Kind), State: bundle.State(r.State), Deployment: r.Deployment,
		}
	}), translate(err)
}

// SumOutcomes implements controlplane.Tx.
func (t tx) SumOutcomes(ctx context.Context, instances []string, since time.Time, names []telemetry.Name) ([]controlplane.OutcomeSum, error) {
	rows, err := t.q.SumOutcomes(ctx, db.SumOutcomesParams{Instances: instances, Since: since, Names: each(names, func(n telemetry.Name) string { return string(n) })})
	return each(rows, func(r db.SumOutcomesRow) controlplane.OutcomeSum {
		return controlplane.OutcomeSum{Instance: r.InstanceID, Name: telemetry.Name(r.Name), Outcome: r.Outcome, N: r.N}
	}), translate(err)
}

// ListSightingsOf implements controlplane.Tx.
func (t tx) ListSightingsOf(ctx context.Context, instances []string) ([]telemetry.Sighting, error) {
	rows, err := t.q.ListSightingsOf(ctx, instances)
	return each(rows, sighting), translate(err)
}

// CountStuck implements controlplane.Tx.
func (t tx) CountStuck(ctx context.Context, instances []string, before, kept time.Time) ([]controlplane.StuckCount, error) {
	rows, err := t.q.CountStuck(ctx, db.CountStuckParams{Instances: instances, WaitingBefore: &before, KeptSince: kept})
	return each(rows, func(r db.CountStuckRow) controlplane.StuckCount {
		return controlplane.StuckCount{Instance: r.InstanceID, Waiting: r.Waiting, Refused: r.Refused}
	}), translate(err)
}

// ListBraked implements controlplane.Tx.
func (t tx) ListBraked(ctx context.Context, instances []string, since time.Time) ([]controlplane.Taken, error) {
	rows, err := t.q.ListBraked(ctx, db.ListBrakedParams{Instances: instances, Since: since})
	return each(rows, func(r db.ListBrakedRow) controlplane.Taken {
		return controlplane.Taken{Instance: r.InstanceID, Number: r.Number, At: r.BrakedAt}
	}), translate(err)
}

// ListEndingKeys implements controlplane.Tx.
func (t tx) ListEndingKeys(ctx context.Context, instances []string, after, before time.Time) ([]controlplane.EndingKey, error) {
	rows, err := t.q.ListEndingKeys(ctx, db.ListEndingKeysParams{Instances: instances, After: after, Before: before})
	return each(rows, func(r db.ListEndingKeysRow) controlplane.EndingKey {
		return controlplane.EndingKey{Instance: r.InstanceID, ID: r.ID, Name: r.Name, Ends: r.ExpiresAt}
	}), translate(err)
}

// ListConditionsOf implements controlplane.Tx.
func (t tx) ListConditionsOf(ctx context.Context, instances []string, since time.Time) ([]controlplane.Condition, error) {
	rows, err := t.q.ListConditionsOf(ctx, db.ListConditionsOfParams{Instances: instances, Since: since})
	return each(rows, func(r db.RuntimeCondition) controlplane.Condition {
		return controlplane.Condition{Runtime: r.RuntimeID, Instance: r.InstanceID, Code: r.Code, Message: r.Message, Since: r.Since}
	}), translate(err)
}

// ListEndingTokens implements controlplane.Tx.
func (t tx) ListEndingTokens(ctx context.Context, after, before time.Time, notice time.Duration) ([]controlplane.EndingToken, error) {
	rows, err := t.q.ListEndingTokens(ctx, db.ListEndingTokensParams{After: after, Before: before, Notice: notice.Seconds()})
	return each(rows, func(r db.ListEndingTokensRow) controlplane.EndingToken {
		return controlplane.EndingToken{Organization: r.OrganizationID, ID: r.ID, Name: r.Name, Ends: r.ExpiresAt}
	}), translate(err)
}
