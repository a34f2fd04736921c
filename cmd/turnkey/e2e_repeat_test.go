//go:build e2e

package main_test

import (
	"context"
	"testing"
	"time"
)

// answersLost: a device that does not learn how its upload went sends it again, and the effect is there
// once, also over what others have written meanwhile.
func answersLost(in *tenant) {
	for _, connector := range []string{"turnkey", "plain"} {
		for how, lose := range map[string]func(d *device, list ...transaction){"cut": cutOff, "killed": killed} {
			in.Run(connector+" "+how, func(t *testing.T) { appliedOnce(in.as(t), connector, how, lose) })
		}
	}
}

func appliedOnce(in *tenant, connector, how string, lose func(d *device, list ...transaction)) {
	user := "once-" + connector + "-" + how
	list, todo := in.row(), in.row()
	d := in.device(connector, user)
	d.drained(one(newList, list, "Votes", user, 10))
	in.set(list, 110) // others have voted
	lose(d,
		one("UPDATE lists SET position = position + 5 WHERE id = ?", list),
		one(newTodo, todo, list, "somebody else", "Pack", 1),
	)
	// Our connector sends what the device saw before, so the counter adds; a stock one does not.
	in.want("applied, but the device does not know", in.fields("lists", list, "position"), map[string]string{"turnkey": "115", "plain": "15"}[connector])
	in.set(list, 500)
	s := d.drained()
	in.want("the repeat", in.fields("lists", list, "position"), "500")
	in.want("the app was told of", codes(s.Rejected), "UNAUTHORIZED")
	in.want("what the user sees", in.seen(user), "open UNAUTHORIZED")
	d.drained(one("UPDATE lists SET position = position + 1 WHERE id = ?", list))
	in.want("the next write", in.fields("lists", list, "position"), map[string]string{"turnkey": "501", "plain": "16"}[connector])
}

func cutOff(d *device, list ...transaction) {
	d.in.Helper()
	d.url = d.in.lossy(1, func() {})
	s := d.run(list...)
	if s.Queue != len(list) || s.Error == "" {
		d.in.Fatalf("the answer was not lost: %+v", s)
	}
}

func killed(d *device, list ...transaction) {
	d.in.Helper()
	ctx, kill := context.WithTimeout(d.in.Context(), 5*time.Minute)
	defer kill()
	d.url = d.in.lossy(1, kill)
	d.killed(ctx, list...)
	d.url = d.in.url
}
