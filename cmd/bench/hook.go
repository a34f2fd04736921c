package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// appendTask adds the columns of a row of plain and hooked.
func appendTask(b []byte, id int64) []byte {
	b = append(b, `{"title":"  `...)
	b = append(b, titleOf(id)...)
	b = append(b, ` ","status":"open","priority":`...)
	b = strconv.AppendInt(b, id%6, 10)
	return append(b, `,"assignee_email":"ada@example.com","tags":"[\"Home\",\"garden\",\"home\"]","due":"2026-12-01T10:00:00.000Z","estimate":2.5,`+
		`"notes":"both sides, and mind the roses on the left of the gate","owner_id":"`+benchUser+`","updated_by":"nobody"}`...)
}

// hookCells have one operation in a request, by one device and by all, and a hundred; each without the hook first.
func hookCells() (out []cell) {
	for _, c := range []cell{{work: puts, size: 1, alone: true}, {work: puts, size: 1}, {work: puts, size: 100}} {
		for _, table := range []string{"plain", "hooked"} {
			c.table = table
			out = append(out, c)
		}
	}
	return out
}

const (
	leastHooked = 13_000 // operations per second at 100 per request
	// What a hook may add to the time of an upload of one operation: a quarter, or this.
	mostHookShare = 0.25
	mostHookTime  = 250 * time.Microsecond
)

// hookCost is what the hook adds to the p50 of one device's uploads of one operation.
func (r *results) hookCost() (without, with time.Duration) {
	return r.median(cell{puts, 1, "plain", true}, 0.5), r.median(cell{puts, 1, "hooked", true}, 0.5)
}

func hookFigures(w io.Writer, r *results) {
	fmt.Fprintf(w, "\n%-22s %9s %8s %8s %15s\n%-22s %9s %8s %8s %15s\n", "", "", "", "", "CPU us per op", "a typical hook", "ops/s", "p50 ms", "p99 ms", "ours  Postgres")
	for _, c := range hookCells() {
		fmt.Fprintf(w, "%-22s %9.0f %8.2f %8.2f %6.0f %8.0f\n", c.name(), r.perSecond(c), ms(r.median(c, 0.50)), ms(r.median(c, 0.99)),
			us(middle(each(r.samples[c], func(s sample) time.Duration { return s.each(s.ours) }))),
			us(middle(each(r.samples[c], func(s sample) time.Duration { return s.each(s.base) }))))
	}
	fmt.Fprintf(w, "cold start of a worker     %.1f ms until an upload to a table with a hook is answered, by a process without workers\n", ms(middle(r.coldHook)))
}

func checkHooks(r *results, check func(holds bool, format string, args ...any)) {
	hundred := cell{work: puts, size: 100, table: "hooked"}
	check(r.perSecond(hundred) >= leastHooked, "%s: %.0f operations per second, at least %d", hundred.name(), r.perSecond(hundred), leastHooked)
	without, with := r.hookCost()
	more := with - without
	check(more <= mostHookTime || float64(more) <= mostHookShare*float64(without), "%s: the hook adds %.2f ms to %.2f, at most a quarter or %.2f",
		cell{puts, 1, "hooked", true}.name(), ms(more), ms(without), ms(mostHookTime))
}
