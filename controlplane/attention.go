package controlplane

import (
	"context"
	"fmt"
	"sort"
	"time"

	"turnkey/runtime/command"
	"turnkey/runtime/feed"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// Severity is how much something matters.
type Severity string

// The severities, the worst first.
const (
	Critical Severity = "critical" // writes do not arrive, or are lost to their users
	Warning  Severity = "warning"  // something is going wrong, or will
	Notice   Severity = "notice"   // to be known
)

// Concern is something about an instance that somebody should look at.
type Concern struct {
	Code     string
	Severity Severity
	Title    string
	Hint     string
	// Page is where to look: overview, devices, rejections, conflicts, deployments, hooks, keys, settings, schema or logs; Query narrows it.
	Page  string
	Query map[string]string
	Since time.Time // zero: not known
}

// Attention tells what about an instance somebody should look at.
type Attention struct{ *core }

// attentionSpan is how far back outcomes count.
const attentionSpan = 24 * time.Hour

// inboxTime bounds the look into an instance's inboxes: what waits in a database that does not answer is not worth waiting for.
const inboxTime = 3 * time.Second

// List gives an instance's concerns, the worst first, and what was ever seen of it. What waits for somebody is counted by
// a runtime, in the customer's database.
func (s *Attention) List(ctx context.Context, actor Actor, instance string) (list []Concern, seen map[telemetry.Sight]telemetry.Sighting, err error) {
	inbox := s.inbox(ctx, actor, instance)
	err = s.read(ctx, func(tx Tx) error {
		all, err := s.observe(ctx, tx, instance, s.now().Add(-attentionSpan))
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return notFound("instance")
		}
		development := false
		if n := all[0].Deployment; n > 0 {
			d, err := tx.GetDeployment(ctx, instance, n)
			if err != nil {
				return err
			}
			development = d.Config.Auth.DevelopmentTokens
		}
		list, seen = concerns(&all[0], inbox, development, s.now()), all[0].Sights
		return nil
	})
	return list, seen, err
}

// inbox counts what waits; nil: that is not known.
func (s *Attention) inbox(ctx context.Context, actor Actor, instance string) *command.InboxCounts {
	ctx, cancel := context.WithTimeout(ctx, inboxTime)
	defer cancel()
	var counts command.InboxCounts
	if err := s.ask(ctx, actor, instance, command.InboxCount, nil, &counts); err != nil {
		return nil // why is a concern of its own: the database, or nothing is deployed
	}
	return &counts
}

// concerns judges what was observed.
func concerns(o *Observed, inbox *command.InboxCounts, development bool, now time.Time) (list []Concern) {
	add := func(c Concern) { list = append(list, c) }
	if o.Deployment == 0 {
		add(Concern{Code: "not_deployed", Severity: Notice, Title: "Nothing is deployed yet.", Hint: "Deploy a configuration; until then uploads wait on the devices.", Page: "configuration"})
	}
	if o.State == "paused" {
		add(Concern{Code: "paused", Severity: Warning, Title: "The instance is paused: writes wait on the devices.", Hint: "Resume it in the settings.", Page: "settings"})
	}
	for _, c := range o.Conditions {
		if feed.Note(c.Code) {
			add(Concern{Code: c.Code, Severity: Notice, Title: c.Message, Hint: "Use the connector that Connect writes for the app: it names the device.", Page: "devices", Since: c.Since})
			continue
		}
		add(Concern{Code: c.Code, Severity: Critical, Title: c.Message, Hint: "Writes wait on the devices until this is put right.", Page: "settings", Since: c.Since})
	}
	if o.Braked > 0 {
		add(Concern{Code: "deployment_braked", Severity: Critical, Title: fmt.Sprintf("Deployment %d refused what the one before it took, and was taken back.", o.Braked),
			Hint: "Look at what it refused, correct it and deploy again; then replay its rejections.", Page: "deployments", Since: o.BrakedAt})
	}
	list = append(list, deviceConcerns(o)...)
	list = append(list, inboxConcerns(o, inbox)...)
	list = append(list, writeConcerns(o, now)...)
	for _, k := range o.Keys {
		add(Concern{Code: "key_expiring", Severity: Warning, Title: fmt.Sprintf("The API key %q ends on %s.", k.Name, k.Ends.UTC().Format("2 January 15:04 MST")),
			Hint: "Make a new one and give it to the server that uses this one.", Page: "keys"})
	}
	if development {
		add(Concern{Code: "development_tokens", Severity: Notice, Title: "Anybody gets a token for any user: development tokens are on.",
			Hint: "Switch auth.development_tokens off before others use the instance.", Page: "configuration"})
	}
	rank := map[Severity]int{Critical: 0, Warning: 1, Notice: 2}
	sort.SliceStable(list, func(i, j int) bool { return rank[list[i].Severity] < rank[list[j].Severity] })
	return list
}

// deviceConcerns are about devices and how they write.
func deviceConcerns(o *Observed) (list []Concern) {
	if o.Waiting > 0 {
		list = append(list, Concern{Code: "devices_waiting", Severity: Critical, Title: count(o.Waiting, "device sends", "devices send") + " the same write again and again.",
			Hint: "Everything behind it waits. The device's page has the code.", Page: "devices", Query: map[string]string{"stuck": "true"}})
	}
	if o.Refused > 0 {
		list = append(list, Concern{Code: "devices_refused", Severity: Warning, Title: count(o.Refused, "device is", "devices are") + " turned away: the credential is refused.",
			Hint: "The list of refused tokens names the setting.", Page: "devices", Query: map[string]string{"refused": "true"}})
	}
	if without := o.Sights[telemetry.SightNoPrevious]; without.N > 0 && o.Sights[telemetry.SightPrevious].N == 0 {
		list = append(list, Concern{Code: "no_previous_values", Severity: Warning, Title: "No update has come with previous values, so no conflict can be seen.",
			Hint: "Switch trackPreviousValues on in the client schema; Connect has it written out.", Page: "schema", Since: without.First})
	}
	return list
}

// inboxConcerns are about what waits for somebody's decision. Where the inboxes cannot be looked at, the counters say what
// was refused lately.
func inboxConcerns(o *Observed, inbox *command.InboxCounts) (list []Concern) {
	rejections := Concern{Code: "rejections", Severity: Warning, Hint: "They are kept: correct what refuses them and replay them.", Page: "rejections",
		Query: map[string]string{"status": "open"}, Since: o.Sights[telemetry.SightRejection].Last}
	if inbox == nil {
		if n := o.Outcomes[telemetry.Transactions][string(telemetry.Fatal)]; n > 0 {
			rejections.Title = count(n, "transaction was", "transactions were") + " refused in the last 24 hours."
			list = append(list, rejections)
		}
		return list
	}
	if n := inbox.Rejections[source.Open] + inbox.Rejections[source.Held]; n > 0 {
		rejections.Title = atLeast(n, "refused write waits", "refused writes wait") + " for somebody."
		list = append(list, rejections)
	}
	if n := inbox.Conflicts[source.ConflictOpen]; n > 0 {
		list = append(list, Concern{Code: "conflicts_open", Severity: Warning, Title: atLeast(n, "conflict waits", "conflicts wait") + " for a decision.",
			Hint: "Both sides are kept: decide by column, or let a policy decide.", Page: "conflicts", Query: map[string]string{"status": "open"}})
	}
	return list
}

// atLeast is count for what is counted up to command.MostCounted.
func atLeast(n int, one, many string) string {
	if n >= command.MostCounted {
		return "At least " + count(int64(n), one, many)
	}
	return count(int64(n), one, many)
}

// writeConcerns are about what became of writes in the last day.
func writeConcerns(o *Observed, now time.Time) (list []Concern) {
	var kills int64
	for _, n := range o.Outcomes[telemetry.HookKills] {
		kills += n
	}
	if kills > 0 {
		list = append(list, Concern{Code: "hooks_killed", Severity: Warning, Title: "Hooks were killed " + count(kills, "time", "times") + " in the last 24 hours.",
			Hint: "The log says which, and whether it was time, memory or a crash.", Page: "logs", Query: map[string]string{"kind": "hook", "level": "error"}})
	}
	if n := o.Outcomes[telemetry.DroppedEntries][""]; n > 0 {
		list = append(list, Concern{Code: "log_entries_dropped", Severity: Notice, Title: count(n, "log entry was", "log entries were") + " dropped in the last 24 hours.",
			Hint: "More happened than the log has room for. Counters and metrics miss nothing.", Page: "logs"})
	}
	if seen := o.Sights[telemetry.SightKeys]; o.Deployment > 0 && o.Sights[telemetry.SightToken].N > 0 && (seen.N == 0 || now.Sub(seen.Last) > 24*time.Hour) {
		list = append(list, Concern{Code: "keys_not_fetched", Severity: Warning, Title: "No sync service has fetched the public keys for a day.",
			Hint: "Give PowerSync the JWKS address that Connect shows, or the keys themselves where it cannot reach us.", Page: "connect", Since: seen.Last})
	}
	return list
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
