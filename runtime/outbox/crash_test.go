package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
)

// victimEnv makes this test binary a runtime that delivers until it is killed.
const victimEnv = "TURNKEY_OUTBOX_VICTIM"

type setting struct {
	Database database
	URL      string
}

func victim(text string) int {
	var s setting
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	src, err := s.Database.open()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	_ = outbox.New(over(src, newBundle(map[string]string{"crm": s.URL}))).Run(ctx)
	return 1 // nobody killed it
}

// TestKilledBetweenSendingAndReporting: the receiver has taken an event and the runtime dies by SIGKILL
// before it can write that down. The event comes again, under the same id, when the lease has ended.
func TestKilledBetweenSendingAndReporting(t *testing.T) {
	onBoth(t, func(t *testing.T, db database, src source.Source) {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		var process *exec.Cmd
		started, died := make(chan struct{}), make(chan struct{})
		e := newReceiver(t, func(_ *http.Request, n int) int {
			if n == 1 {
				<-started
				if err := process.Process.Kill(); err != nil {
					t.Error(err)
				}
				<-died // before it has the answer
			}
			return 200
		})
		d := event(1, "crm")
		enqueue(t, src, d)
		raw, err := json.Marshal(setting{db, e.url})
		if err != nil {
			t.Fatal(err)
		}
		process = exec.Command(exe)
		process.Env = append(os.Environ(), victimEnv+"="+string(raw))
		process.Stderr = os.Stderr
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		if err := process.Wait(); err == nil || process.ProcessState.Exited() {
			t.Fatalf("it ended by itself: %v", process.ProcessState)
		}
		close(died)
		e.until("the first delivery", func() bool { return len(e.taken[d.ID]) == 1 })
		left, err := src.Delivery(t.Context(), d.ID)
		if err != nil || left.Status != source.Pending || !left.Leased || left.Attempts != 1 || left.Last != nil {
			t.Fatalf("what the dead runtime left: %+v %v", left, err)
		}
		c := over(src, newBundle(map[string]string{"crm": e.url}))
		later := time.Until(left.DueAt) + time.Millisecond
		c.Now = func() time.Time { return time.Now().Add(later) } // its clock says that the lease has ended
		running(t, c)
		e.until("the second delivery", func() bool { return len(e.taken[d.ID]) == 2 })
		list := e.settled(src)
		if len(list) != 1 || list[0].Status != source.Delivered || list[0].Attempts != 2 || e.taken[d.ID][0] != e.taken[d.ID][1] || len(e.taken) != 1 {
			t.Errorf("%+v, taken %v", list, e.taken)
		}
	})
}
