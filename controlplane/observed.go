package controlplane

import (
	"context"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/feed"
	"turnkey/runtime/telemetry"
)

// Observed is what runtimes have shown of an instance lately: what people's attention is drawn to, and
// what alerts are made from.
type Observed struct {
	ID, Organization, Project, Name string
	Kind                            bundle.Kind
	State                           bundle.State
	Deployment                      int64

	Outcomes   map[telemetry.Name]map[string]int64 // by outcome
	Sights     map[telemetry.Sight]telemetry.Sighting
	Waiting    int64 // stuck devices of proven users, whose writes come back
	Refused    int64 // those whose credential was refused last
	Braked     int64 // a deployment that was taken back, and is the newest; 0: none
	BrakedAt   time.Time
	Keys       []EndingKey
	Conditions []Condition // notes included
}

// EndingKey is an API key that ends soon.
type EndingKey struct {
	Instance, ID, Name string
	Ends               time.Time
}

// EndingToken is a token of an organization that ends soon.
type EndingToken struct {
	Organization, ID, Name string
	Ends                   time.Time
}

// OutcomeSum is what an instance counted of one kind by one outcome.
type OutcomeSum struct {
	Instance string
	Name     telemetry.Name
	Outcome  string
	N        int64
}

// StuckCount is how many devices of an instance's users are stuck.
type StuckCount struct {
	Instance         string
	Waiting, Refused int64
}

// Taken is a deployment that the brake took back.
type Taken struct {
	Instance string
	Number   int64
	At       time.Time
}

type observedTx interface {
	// ListWatched gives living instances: all, or the one with that id.
	ListWatched(ctx context.Context, instance string) ([]Observed, error)
	SumOutcomes(ctx context.Context, instances []string, since time.Time, names []telemetry.Name) ([]OutcomeSum, error)
	ListSightingsOf(ctx context.Context, instances []string) ([]telemetry.Sighting, error)
	// CountStuck counts those that have waited since before, of devices seen since kept.
	CountStuck(ctx context.Context, instances []string, before, kept time.Time) ([]StuckCount, error)
	ListBraked(ctx context.Context, instances []string, since time.Time) ([]Taken, error)
	ListEndingKeys(ctx context.Context, instances []string, after, before time.Time) ([]EndingKey, error)
	// ListEndingTokens gives those of all organizations that end then, and that were made before the notice.
	ListEndingTokens(ctx context.Context, after, before time.Time, notice time.Duration) ([]EndingToken, error)
	ListConditionsOf(ctx context.Context, instances []string, since time.Time) ([]Condition, error)
}

const (
	// keyNotice is how long before its end a key is spoken of.
	keyNotice = 7 * 24 * time.Hour
	// brakeNotice is how long a brake is spoken of while nobody deploys anew.
	brakeNotice = 7 * 24 * time.Hour
)

// observe gathers what there is to know of all living instances or one, with outcomes of the time since then.
// It makes the same few queries however many instances there are.
func (k *core) observe(ctx context.Context, tx Tx, instance string, since time.Time) ([]Observed, error) {
	list, err := tx.ListWatched(ctx, instance)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	now := k.now()
	at, ids := make(map[string]*Observed, len(list)), make([]string, len(list))
	for n := range list {
		o := &list[n]
		o.Outcomes, o.Sights = map[telemetry.Name]map[string]int64{}, map[telemetry.Sight]telemetry.Sighting{}
		at[o.ID], ids[n] = o, o.ID
	}
	outcomes, err := tx.SumOutcomes(ctx, ids, since, []telemetry.Name{telemetry.Transactions, telemetry.Tokens, telemetry.HookKills, telemetry.DroppedEntries})
	if err != nil {
		return nil, err
	}
	for _, s := range outcomes {
		if at[s.Instance].Outcomes[s.Name] == nil {
			at[s.Instance].Outcomes[s.Name] = map[string]int64{}
		}
		at[s.Instance].Outcomes[s.Name][s.Outcome] += s.N
	}
	sights, err := tx.ListSightingsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range sights {
		at[s.Instance].Sights[s.What] = s
	}
	return list, observeState(ctx, tx, ids, at, now)
}

// observeState adds devices, brakes, keys and conditions.
func observeState(ctx context.Context, tx Tx, ids []string, at map[string]*Observed, now time.Time) error {
	stuck, err := tx.CountStuck(ctx, ids, now.Add(-stuckWaiting), now.AddDate(0, 0, -MaxLogDays))
	if err != nil {
		return err
	}
	for _, s := range stuck {
		at[s.Instance].Waiting, at[s.Instance].Refused = s.Waiting, s.Refused
	}
	braked, err := tx.ListBraked(ctx, ids, now.Add(-brakeNotice))
	if err != nil {
		return err
	}
	for _, b := range braked {
		at[b.Instance].Braked, at[b.Instance].BrakedAt = b.Number, b.At
	}
	keys, err := tx.ListEndingKeys(ctx, ids, now, now.Add(keyNotice))
	if err != nil {
		return err
	}
	for _, key := range keys {
		at[key.Instance].Keys = append(at[key.Instance].Keys, key)
	}
	conditions, err := tx.ListConditionsOf(ctx, ids, now.Add(-runtimeGone))
	if err != nil {
		return err
	}
	for _, c := range conditions {
		at[c.Instance].Conditions = append(at[c.Instance].Conditions, c)
	}
	return nil
}

// trouble gives the conditions of one kind: what a wrong credential of ours causes, or everything else.
func (o *Observed) trouble(credentials bool) *Condition {
	for n := range o.Conditions {
		c := &o.Conditions[n]
		if ours := c.Code == "source_login" || c.Code == "source_privilege"; !feed.Note(c.Code) && ours == credentials {
			return c
		}
	}
	return nil
}
