package follow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/feed"
	"turnkey/runtime/follow"
	"turnkey/runtime/follow/followtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func revision(instance string, n int64) *bundle.Bundle {
	return &bundle.Bundle{
		Format: bundle.Format, Revision: n, Deployment: int(n), IssuedAt: time.Now(),
		Instance: bundle.Instance{ID: instance, Host: "host-" + instance, State: bundle.Active},
		Secrets:  map[string]redact.Secret{"SOURCE_URI": redact.New("canary-on-disk")},
	}
}

// start runs a follower until the test ends, or until the function that it returns is called.
func start(t *testing.T, c *followtest.Control, dir string, change func(*follow.Config)) (*follow.Follower, func()) {
	t.Helper()
	cfg := follow.Config{
		Feed: c, Opener: c.Opener(), Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Runtime: feed.Runtime{ID: "rt_1", Format: bundle.Format},
	}
	if change != nil {
		change(&cfg)
	}
	f, err := follow.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f.Run(running) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return f, stop
}

// eventually polls: the follower's news come on no channel that a test could share.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: " + what)
		}
	}
}

func serves(f *follow.Follower, instance string, n int64) func() bool {
	return func() bool {
		got, err := f.Revision(ctx, "host-"+instance)
		return err == nil && got == n
	}
}

func acked(c *followtest.Control, want feed.Ack) func() bool {
	return func() bool {
		return slices.ContainsFunc(c.Acks(), func(a feed.Ack) bool {
			return a.Instance == want.Instance && a.Revision == want.Revision && a.Code == want.Code
		})
	}
}

func TestANewRevisionArrivesByHintIsAcknowledgedAndTold(t *testing.T) {
	var c followtest.Control
	for i := range 5 { // more than a page
		c.Publish(revision(fmt.Sprintf("ins_%d", i), 1))
	}
	f, _ := start(t, &c, t.TempDir(), nil)
	<-f.Synced()
	if f.Len() != 5 {
		t.Fatalf("%d instances after the first listing", f.Len())
	}
	told := make(chan feed.Change, 10)
	cancel := f.Subscribe(func(c feed.Change) { told <- c })
	c.Publish(revision("ins_3", 2))
	if got := <-told; got != (feed.Change{Instance: "ins_3", Revision: 2}) {
		t.Errorf("told %v", got)
	}
	cancel()
	b, err := f.Bundle(ctx, "host-ins_3")
	if err != nil || b.Revision != 2 || b.Secrets["SOURCE_URI"].Reveal() != "canary-on-disk" {
		t.Errorf("got %v, %v", b, err)
	}
	eventually(t, "ack of revision 2", acked(&c, feed.Ack{Instance: "ins_3", Revision: 2}))
	if _, err := f.Revision(ctx, "host-nobody"); !fault.IsKind(err, fault.NotFound) {
		t.Errorf("an unknown host: %v", err)
	}
}

func TestPollingFindsWhatHintsLose(t *testing.T) {
	var c followtest.Control
	c.Silent()
	f, _ := start(t, &c, t.TempDir(), func(cfg *follow.Config) { cfg.Poll = 5 * time.Millisecond })
	<-f.Synced()
	c.Publish(revision("ins_1", 1))
	eventually(t, "revision 1", serves(f, "ins_1", 1))
}

func TestTheLastGoodRevisionStays(t *testing.T) {
	other := followtest.Control{}
	swapped := revision("ins_1", 3)
	swapped.Instance.Host = "another-host"
	tooNew := revision("ins_1", 3)
	tooNew.Format = bundle.Format + 1
	taken := revision("ins_9", 1)
	taken.Instance.Host = "host-ins_1"
	var c followtest.Control
	for name, bad := range map[string]struct {
		instance string
		revision int64
		sealed   []byte
		code     string
	}{
		"garbage":                  {"ins_1", 3, []byte("garbage"), "bundle_forged"},
		"another control plane's":  {"ins_1", 3, other.Seal(revision("ins_1", 3)), "bundle_forged"},
		"another instance's":       {"ins_1", 3, c.Seal(revision("ins_2", 3)), "bundle_forged"},
		"a newer format":           {"ins_1", 3, c.Seal(tooNew), "bundle_too_new"},
		"an older revision inside": {"ins_1", 3, c.Seal(revision("ins_1", 1)), "revision_lower"},
		"a host that changed":      {"ins_1", 3, c.Seal(swapped), "host_taken"},
		"a candidate":              {"ins_1", 3, c.Seal(revision("ins_1", 0)), "revision_zero"},
		"somebody's host":          {"ins_9", 1, c.Seal(taken), "host_taken"},
		"what Accept refuses":      {"ins_1", 666, c.Seal(revision("ins_1", 666)), "not_liked"},
	} {
		t.Run(name, func(t *testing.T) {
			var own followtest.Control
			own.UseKeys(c.Keys())
			f, _ := start(t, &own, t.TempDir(), func(cfg *follow.Config) {
				cfg.Accept = func(_ context.Context, b *bundle.Bundle) error {
					if b.Revision == 666 {
						return fault.New(fault.Invalid, "not_liked", "No.")
					}
					return nil
				}
			})
			own.Publish(revision("ins_1", 2))
			eventually(t, "the good revision", serves(f, "ins_1", 2))
			own.Announce(bad.instance, bad.revision, bad.sealed)
			eventually(t, "a report of "+bad.code, func() bool {
				return slices.ContainsFunc(own.Acks(), func(a feed.Ack) bool { return a.Instance == bad.instance && a.Code == bad.code })
			})
			if !serves(f, "ins_1", 2)() {
				t.Error("the good revision is gone")
			}
			own.Publish(revision("ins_1", 700))
			eventually(t, "recovery by the next good revision", serves(f, "ins_1", 700))
		})
	}
}

func TestServingSurvivesTheControlPlane(t *testing.T) {
	var c followtest.Control
	dir := t.TempDir()
	c.Publish(revision("ins_1", 4))
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	stop()

	c.Down(true)
	again, _ := start(t, &c, dir, nil) // a restart while the control plane is down
	b, err := again.Bundle(ctx, "host-ins_1")
	if err != nil || b.Revision != 4 {
		t.Fatalf("got %v, %v", b, err)
	}
	c.Publish(revision("ins_1", 5))
	c.Down(false)
	eventually(t, "revision 5 after the outage", serves(again, "ins_1", 5))
	eventually(t, "ack of what was cached", acked(&c, feed.Ack{Instance: "ins_1", Revision: 4}))
}

func TestARestartFetchesOnlyWhatIsNewer(t *testing.T) {
	var c followtest.Control
	dir := t.TempDir()
	for i := range 4 {
		c.Publish(revision(fmt.Sprintf("ins_%d", i), 1))
	}
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	stop()
	before := c.Fetched()
	c.Publish(revision("ins_2", 2))
	again, _ := start(t, &c, dir, nil)
	<-again.Synced()
	if n := c.Fetched() - before; n != 1 || !serves(again, "ins_2", 2)() {
		t.Errorf("fetched %d bundles, want 1", n)
	}
}

func TestTheDiskHoldsOnlySealedBytesAndSurvivesDamage(t *testing.T) {
	var c followtest.Control
	dir := t.TempDir()
	c.Publish(revision("ins_1", 1))
	c.Publish(revision("ins_2", 1))
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	stop()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, e := range files {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		info, statErr := e.Info()
		if err := errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("canary-on-disk")) || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is readable: mode %o", e.Name(), info.Mode().Perm())
		}
	}
	for name, text := range map[string]string{"ins_1.bundle": "cut", "ins_2.bundle.tmp": "half", "..bundle": "x", "README": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Down(true)
	again, _ := start(t, &c, dir, nil)
	if _, err := again.Revision(ctx, "host-ins_1"); !fault.IsKind(err, fault.NotFound) || !serves(again, "ins_2", 1)() {
		t.Errorf("a damaged file must cost only its own instance: %v", err)
	}
	c.Down(false)
	eventually(t, "the feed repairs the damage", serves(again, "ins_1", 1))
}

func TestImpossibleNamesNeverReachTheDisk(t *testing.T) {
	var c followtest.Control
	dir := filepath.Join(t.TempDir(), "cache")
	evil := revision("../evil", 1)
	c.Publish(evil)
	c.Publish(revision("ins_1", 1))
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	stop()
	if left, _ := filepath.Glob(filepath.Join(dir, "..", "evil*")); len(left) > 0 || f.Len() != 1 {
		t.Errorf("left %v, %d instances", left, f.Len())
	}
}

func TestAnUnwritableCacheIsReportedAndDoesNotStopServing(t *testing.T) {
	var c followtest.Control
	dir := t.TempDir()
	f, _ := start(t, &c, dir, nil)
	<-f.Synced()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	c.Publish(revision("ins_1", 1))
	eventually(t, "revision 1", serves(f, "ins_1", 1))
	eventually(t, "the condition", func() bool {
		return slices.ContainsFunc(c.Reports(), func(r feed.Report) bool { return len(r.Degraded) == 1 && r.Degraded[0].Code == "cache_unwritable" })
	})
}

func TestADeletedInstanceIsGoneAndStaysGone(t *testing.T) {
	var c followtest.Control
	dir := t.TempDir()
	c.Publish(revision("ins_1", 1))
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	gone := revision("ins_1", 2)
	gone.Instance.State = bundle.Deleted
	c.Publish(gone)
	eventually(t, "ack", acked(&c, feed.Ack{Instance: "ins_1", Revision: 2}))
	if _, err := f.Bundle(ctx, "host-ins_1"); !fault.IsKind(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	stop()
	c.Down(true)
	again, _ := start(t, &c, dir, nil)
	if _, err := again.Revision(ctx, "host-ins_1"); !fault.IsKind(err, fault.NotFound) {
		t.Errorf("after a restart: %v", err)
	}
}

func TestAControlPlaneThatLostItsMemoryIsNoticed(t *testing.T) {
	var c followtest.Control
	c.Publish(revision("ins_1", 9))
	f, _ := start(t, &c, t.TempDir(), func(cfg *follow.Config) { cfg.Poll, cfg.Relist = 5*time.Millisecond, time.Nanosecond })
	<-f.Synced()
	c.Forget()
	c.Publish(revision("ins_1", 3))
	eventually(t, "the report", func() bool {
		return slices.ContainsFunc(c.Acks(), func(a feed.Ack) bool { return a.Code == "revision_lower" && a.Revision == 3 })
	})
	if !serves(f, "ins_1", 9)() {
		t.Error("an older revision was taken")
	}
}

func TestTheLastReportSaysGoodbye(t *testing.T) {
	var c followtest.Control
	f, stop := start(t, &c, t.TempDir(), nil)
	<-f.Synced()
	stop()
	all := c.Reports()
	if len(all) == 0 || !all[len(all)-1].Leaving || all[len(all)-1].Runtime.ID != "rt_1" {
		t.Errorf("reports %+v", all)
	}
}

// TestIdleInstancesAreSmall holds the figure of design.md section 12: 40 KB for an idle instance,
// here one with 30 tables of 20 fields.
func TestIdleInstancesAreSmall(t *testing.T) {
	const instances = 200
	var c followtest.Control
	for i := range instances {
		b := revision(fmt.Sprintf("ins_%d", i), 1)
		b.Config.Tables = map[string]bundle.Table{}
		for n := range 30 {
			table := bundle.Table{Collection: fmt.Sprintf("collection_%d_%d", i, n), Fields: map[string]bundle.Field{},
				Allow: bundle.Allow{Create: "new.owner_id == user.id", Update: fmt.Sprintf("old.owner_id == user.id && old.n != %d", i*n)}}
			for k := range 20 {
				table.Fields[fmt.Sprintf("field_%d", k)] = bundle.Field{Path: fmt.Sprintf("nested.field_%d_%d", k, i), Type: bundle.Type{Name: bundle.TypeString}}
			}
			b.Config.Tables[fmt.Sprintf("table_%d", n)] = table
		}
		c.Publish(b)
	}
	dir := t.TempDir()
	f, stop := start(t, &c, dir, nil)
	<-f.Synced()
	stop()
	c.Forget() // the fake holds the same bytes

	before := heap()
	again, err := follow.New(follow.Config{Feed: &c, Opener: c.Opener(), Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil || again.Len() != instances {
		t.Fatalf("%v, %d instances", err, again.Len())
	}
	each := (int64(heap()) - int64(before)) / instances
	runtime.KeepAlive(again)
	t.Logf("%d bytes for each idle instance of 600 fields", each)
	if each > 40<<10 {
		t.Errorf("an idle instance keeps %d bytes, more than 40 KB", each)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestARefusedReportIsRepeatedSoon: a runtime that starts while its control plane restarts is known to it
// long before the next heartbeat.
func TestARefusedReportIsRepeatedSoon(t *testing.T) {
	c := &followtest.Control{}
	c.Down(true)
	_, stop := start(t, c, t.TempDir(), nil)
	defer stop()
	c.Down(false)
	began := time.Now()
	eventually(t, "a report arrives", func() bool { return len(c.Reports()) > 0 })
	if took := time.Since(began); took > feed.HeartbeatEvery/2 {
		t.Errorf("the report took %s", took)
	}
}
