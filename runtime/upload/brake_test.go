package upload

import (
	"testing"
	"time"
)

// step is a run of outcomes under one deployment.
type step struct {
	deployment int
	ok         int
	refused    int
	code       string
	after      time.Duration // since the activation of this deployment
}

func TestBrake(t *testing.T) {
	for name, c := range map[string]struct {
		steps     []step
		hasBefore bool
		trips     int
		held      bool // the last refusal
	}{
		"a deployment that refuses everything":  {[]step{{1, 30, 0, "", 0}, {2, 0, 21, "UNAUTHORIZED", time.Minute}}, true, 1, true},
		"not before twenty":                     {[]step{{1, 30, 0, "", 0}, {2, 0, 19, "UNAUTHORIZED", time.Minute}}, true, 0, false},
		"a fifth of the writes":                 {[]step{{1, 30, 0, "", 0}, {2, 80, 20, "UNAUTHORIZED", time.Minute}}, true, 1, true},
		"less than a fifth":                     {[]step{{1, 30, 0, "", 0}, {2, 101, 20, "UNAUTHORIZED", time.Minute}}, true, 0, false},
		"as before":                             {[]step{{1, 50, 50, "UNAUTHORIZED", time.Hour}, {2, 50, 50, "UNAUTHORIZED", time.Minute}}, true, 0, false},
		"another cause than before":             {[]step{{1, 50, 50, "UNAUTHORIZED", time.Hour}, {2, 50, 50, "SCHEMA_MISMATCH", time.Minute}}, true, 1, true},
		"rare before, common now":               {[]step{{1, 95, 5, "UNAUTHORIZED", 0}, {2, 50, 50, "UNAUTHORIZED", time.Minute}}, true, 1, true},
		"after the half hour":                   {[]step{{1, 30, 0, "", 0}, {2, 0, 50, "UNAUTHORIZED", 31 * time.Minute}}, true, 0, false},
		"the first deployment alerts only":      {[]step{{1, 0, 50, "UNAUTHORIZED", time.Minute}}, false, 1, false},
		"what waits for others is no cause":     {[]step{{1, 30, 0, "", 0}, {2, 0, 50, CodeDepends, time.Minute}}, true, 0, false},
		"what waits for others dilutes nothing": {[]step{{1, 30, 0, "", 0}, {2, 0, 500, CodeDepends, time.Minute}, {2, 0, 21, "UNAUTHORIZED", time.Minute}}, true, 1, true},
		"once for each deployment":              {[]step{{1, 30, 0, "", 0}, {2, 0, 200, "UNAUTHORIZED", time.Minute}}, true, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
			var news []Tripped
			b := NewBrake("ins_1", func(n Tripped) { news = append(news, n) })
			held, revision := false, int64(0)
			serve := func(deployment int, activated time.Time) {
				revision++
				b.serve(revision, deployment, activated)
			}
			for i, s := range c.steps {
				activated := start.Add(time.Duration(s.deployment) * 24 * time.Hour)
				serve(s.deployment, activated)
				at := activated.Add(s.after)
				for range s.ok {
					b.count(s.deployment, nil, c.hasBefore, at)
				}
				for range s.refused {
					held = b.count(s.deployment, refuse(s.code, "No.").at(0, &Operation{Table: "todos"}), c.hasBefore, at)
				}
				if c.held && i == len(c.steps)-1 {
					last := s.deployment
					if !b.held(last, at) || b.held(last, at.Add(holdFor)) {
						t.Error("the hold lasts until the deployment before serves, at most a minute")
					}
					serve(1, at.Add(time.Second))
					if b.held(1, at) {
						t.Error("held under the deployment before")
					}
					if !b.held(last, at.Add(holdFor)) || !b.count(last, refuse(s.code, "No."), true, at.Add(holdFor)) {
						t.Error("an upload that ends under the deployment that was taken back is refused for good")
					}
					serve(last, at.Add(time.Hour))
					if b.held(last, at.Add(time.Hour)) {
						t.Error("held although somebody activated it again")
					}
				}
			}
			if len(news) != c.trips || held != c.held {
				t.Errorf("tripped %+v, held %v; want %d, %v", news, held, c.trips, c.held)
			}
			if c.trips == 1 && (news[0].Holding != c.hasBefore || news[0].Table != "todos" || news[0].Refused < brakeLeast) {
				t.Errorf("%+v", news[0])
			}
		})
	}
}

// A revision of the same deployment, such as a rotated secret, starts nothing over.
func TestANewRevisionDoesNotResetTheBrake(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	b := NewBrake("ins_1", func(Tripped) {})
	b.serve(1, 2, at)
	for range brakeLeast - 1 {
		b.count(2, refuse("UNAUTHORIZED", "No."), true, at)
	}
	b.serve(2, 2, at)
	if !b.count(2, refuse("UNAUTHORIZED", "No."), true, at) {
		t.Error("forgot what was refused")
	}
	if b.count(1, refuse("UNAUTHORIZED", "No."), true, at) {
		t.Error("an engine on its way out was held")
	}
}

// Whoever activates a deployment anew after it was taken back is heard, also by a clock that goes back: nothing would
// ever end the hold otherwise.
func TestADeploymentIsActivatedAgainByAnEarlierClock(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	b := NewBrake("ins_1", func(Tripped) {})
	b.serve(1, 1, at)
	b.serve(2, 2, at.Add(time.Hour))
	b.serve(3, 1, at.Add(2*time.Hour)) // rolled back
	if !b.held(2, at.Add(2*time.Hour)) {
		t.Error("an upload that ends under the deployment that was taken back is not held")
	}
	b.serve(4, 2, at.Add(time.Minute))
	if b.held(2, at.Add(2*time.Hour)) {
		t.Error("held although somebody activated it again")
	}
	b.serve(3, 1, at.Add(2*time.Hour)) // an engine on its way out
	if b.deployment != 2 || b.held(2, at.Add(2*time.Hour)) {
		t.Error("an engine on its way out was heard")
	}
}
