package check_test

import (
	"strconv"
	"strings"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

// hook does what deeds.ts does after a write, which is the latest change.
func (s *server) hook(tag string) {
	at, rare := len(s.changes)-1, s.random.IntN(12) == 0
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
	s.tell(tag, s.changes[at].Row.N)
}

// tell is what comes to the receiver of one change: a webhook, and one that follows from afterCommit, both now and then
// twice.
func (s *server) tell(tag string, n int64) {
	if s.bug == losesEvent && s.random.IntN(12) == 0 {
		return
	}
	s.arrive(workload.DeedsOutbox, tag, n)
	if n%workload.ToldAfterwards == 0 {
		s.arrive(workload.CommitsOutbox, tag, n)
	}
}

func (s *server) arrive(lane, tag string, n int64) {
	s.sent++
	a := history.Arrival{Lane: lane, ID: "dlv" + strconv.Itoa(s.sent), Tag: tag, Body: tag + " " + strconv.FormatInt(n, 10), Taken: true}
	if s.random.IntN(6) > 0 {
		s.arrivals = append(s.arrivals, a)
		return
	}
	again := a
	switch {
	case s.bug == eventRenamed, s.bug == followUpTwice && lane == workload.CommitsOutbox:
		again.ID += "b"
	case s.bug == eventRewritten:
		again.Body += " and more"
	}
	a.Taken = s.random.IntN(2) == 0 // refused, or its answer was lost
	s.arrivals = append(s.arrivals, a, again)
}

// tellAll sends the events of writes that are not committed.
func (s *server) tellAll(list []sentEntry) {
	for _, e := range list {
		if tag, ok := e.OpData["tag"].(string); ok && e.Table == workload.Deeds {
			s.tell(tag, number(e.OpData["n"])+workload.HookAdds)
		}
	}
}
