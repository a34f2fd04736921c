package upload

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/rule"
)

// The instance's status names the weaker guarantee as long as a device without a client id may repeat
// a write.
func TestTheWeakerGuaranteeIsNamed(t *testing.T) {
	const (
		ours    = `{"client":{"id":"c1"},"transactions":[{"transaction_id":1,"crud":[{"op_id":7,"op":"DELETE","table":"t","id":"a"}]}]}`
		stock   = `{"transactions":[{"transaction_id":1,"crud":[{"op":"DELETE","table":"t","id":"a"}]}]}`
		numbers = `{"transactions":[{"crud":[{"op_id":7,"op":"DELETE","table":"t","id":"a"}]}]}`
		bare    = `{"transactions":[{"crud":[{"op":"DELETE","table":"t","id":"a"}]}]}`
		empty   = `{"transactions":[{"crud":[]}]}`
	)
	type write struct {
		after time.Duration
		body  string
	}
	for name, c := range map[string]struct {
		writes []write
		later  time.Duration
		want   string        // Recognised; "": nothing is said
		since  time.Duration // from the start
	}{
		"nobody wrote":                      {},
		"our connector":                     {writes: []write{{0, ours}, {time.Hour, ours}}},
		"a stock connector":                 {writes: []write{{0, stock}}, want: Day},
		"operation ids without a client":    {writes: []write{{0, numbers}}, want: Day},
		"neither":                           {writes: []write{{0, bare}}, want: Never},
		"an empty transaction":              {writes: []write{{0, empty}}},
		"ours after a stock one":            {writes: []write{{0, stock}, {time.Hour, ours}}, want: Day},
		"the weakest of all":                {writes: []write{{0, stock}, {time.Hour, bare}, {time.Hour, stock}}, want: Never, since: time.Hour},
		"the weakest has gone":              {writes: []write{{0, bare}, {23 * time.Hour, stock}}, later: time.Hour, want: Day, since: 23 * time.Hour},
		"since the first":                   {writes: []write{{0, stock}, {23 * time.Hour, stock}, {23 * time.Hour, stock}}, want: Day},
		"since the first after a day":       {writes: []write{{0, stock}, {25 * time.Hour, stock}}, want: Day, since: 25 * time.Hour},
		"a day later none can be repeated":  {writes: []write{{0, stock}}, later: 24 * time.Hour},
		"a little earlier one still can be": {writes: []write{{0, stock}}, later: 24*time.Hour - 1, want: Day},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
			now := start
			e := &Engine{instance: "ins_1", deps: Deps{Now: func() time.Time { return now }}}
			for _, w := range c.writes {
				now = now.Add(w.after)
				up, err := Decode([]byte(w.body))
				if err != nil {
					t.Fatal(err)
				}
				tx := &up.Transactions[0]
				e.repeats.note(tx, e.identify(&request{upload: up, user: rule.User{ID: "u1"}}, tx).strength, now)
			}
			now = now.Add(c.later)
			got := e.Repeats()
			if c.want == "" {
				if got != nil {
					t.Fatalf("%+v", got)
				}
				return
			}
			if got == nil || got.Recognised != c.want || !got.Since.Equal(start.Add(c.since)) || !strings.Contains(got.Hint, "@turnkey/powersync-connector") {
				t.Fatalf("%+v", got)
			}
		})
	}
}
