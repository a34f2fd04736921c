package main

import (
	"context"
	"fmt"
	"time"

	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// deliverWithin bounds the wait for the outbox at the end: a lane may rest for a while after failures.
const deliverWithin = 90 * time.Second

// deliverAll has the receiver take everything, waits until the outbox is empty, and gives all that came. Leases of dead
// runtimes and pauses between attempts end early, so that nobody waits for minutes.
func deliverAll(ctx context.Context, s *stand.Stand) ([]history.Arrival, error) {
	if s.Receiver == nil {
		return nil, nil
	}
	s.Receiver.Heal()
	for end := time.Now().Add(deliverWithin); ; sleep(ctx, 2*time.Second, nil) {
		pending, err := stand.Eventually(ctx, s.Database.Hasten)
		if err != nil {
			return nil, err
		}
		if pending == 0 {
			return s.Receiver.Arrivals(), nil
		}
		if time.Now().After(end) {
			fmt.Printf("%s: %d deliveries are not made %s after everything was healed\n", s.Database.Name(), pending, deliverWithin)
			return s.Receiver.Arrivals(), nil
		}
	}
}
