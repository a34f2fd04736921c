package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
)

// mostLatest bounds the list of all runtimes together.
const mostLatest = 50

// Latest gives the last transactions of a development instance's devices, the newest first, as the runtimes have them in
// memory.
func (s *Rehearsals) Latest(ctx context.Context, actor Actor, instance string) ([]rehearsal.Latest, error) {
	answers, _, err := s.sendAll(ctx, actor, command.Command{Name: command.LatestList, Instance: instance})
	if err != nil {
		return nil, err
	}
	all := []rehearsal.Latest{}
	for _, raw := range answers {
		var list []rehearsal.Latest
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("reading a runtime's latest writes: %w", err)
		}
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b rehearsal.Latest) int { return b.At.Compare(a.At) })
	return all[:min(len(all), mostLatest)], nil
}

// OrderOf is one of them as an order to try it again.
func (s *Rehearsals) OrderOf(ctx context.Context, actor Actor, instance, id string) (rehearsal.Order, error) {
	list, err := s.Latest(ctx, actor, instance)
	if err != nil {
		return rehearsal.Order{}, err
	}
	at := slices.IndexFunc(list, func(l rehearsal.Latest) bool { return l.ID == id })
	if at < 0 {
		return rehearsal.Order{}, fault.New(fault.NotFound, "not_found", "That write is not remembered any more.").
			WithHint("Runtimes remember the last ones of development instances, until they restart.")
	}
	return rehearsal.Order{Transaction: list[at].Transaction, User: list[at].User}, nil
}
