package telemetry

import "time"

// backlog are counters that wait to be sent.
type backlog map[counter]int64

type counter struct {
	instance string
	cell
}

// maxBacklog is how many counters wait at their full resolution; about 15 MB.
const maxBacklog = 100_000

func (b backlog) add(c Count) { b[counter{c.Instance, cell{c.Minute, c.Series}}] += c.N }

// take removes at most that many.
func (b backlog) take(most int) []Count {
	out := make([]Count, 0, min(most, len(b)))
	for c, n := range b {
		if len(out) == most {
			break
		}
		delete(b, c)
		out = append(out, Count{c.instance, c.minute, c.Series, n})
		out[len(out)-1].Clean()
	}
	return out
}

// bound merges minutes of past hours when there are too many counters, and hours of past days when
// that was not enough. What remains is bounded by instances, their series and days of outage.
func (b backlog) bound(now time.Time, most int) {
	for _, grain := range []int64{3600, 24 * 3600} {
		if len(b) <= most {
			return
		}
		begun := now.Unix() / grain * grain
		for c, n := range b {
			coarse := c.minute / grain * grain
			if coarse == c.minute || coarse >= begun {
				continue
			}
			delete(b, c)
			c.minute = coarse
			b[c] += n // the key may be visited or not: it is on its grain, so it stays
		}
	}
}
