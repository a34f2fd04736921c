package check_test

import (
	"strconv"
	"strings"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

// hook does what deeds.ts does after a write.
func (s *server) hook(tag string) {
	rare := s.random.IntN(12) == 0
	if s.bug == skipsHook && rare {
		return
	}
	commit := strconv.Itoa(s.commits)
	if s.bug == hookApart {
		commit += " apart"
	}
	write := func(table, id string, n int64) {
		row := history.Row{Tag: workload.HookTag + tag, N: n}
		s.rows[history.Key(table, id)] = row
		s.changes = append(s.changes, history.Change{Commit: commit, Verb: "insert", Table: table, ID: id, Row: row})
	}
	device, _, _ := strings.Cut(tag, "#")
	n := s.rows[history.Key(workload.Tallies, device)].N + 1
	write(workload.Ledger, tag, 0)
	if s.bug == hookTwice && rare {
		write(workload.Ledger, tag, 0)
	}
	write(workload.Tallies, device, n)
}
