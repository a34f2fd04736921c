package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// double is a `turnkey devmongo` process.
type double struct {
	cmd    *exec.Cmd
	uri    string
	client *mongo.Client
}

func buildTurnkey(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "turnkey")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

func startDouble(t *testing.T, binary string, args ...string) *double {
	t.Helper()
	d := &double{cmd: exec.Command(binary, append([]string{"devmongo"}, args...)...)}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs := &strings.Builder{}
	d.cmd.Stderr = errs
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill(); _ = d.cmd.Wait() })
	lines, said := bufio.NewScanner(out), ""
	for d.uri == "" && lines.Scan() {
		said += lines.Text() + "\n"
		if uri, ok := strings.CutPrefix(lines.Text(), "uri="); ok {
			d.uri = uri
		}
	}
	if d.uri == "" || !strings.Contains(said, "double of MongoDB") {
		t.Fatalf("it said %q and %q", said, errs)
	}
	go io.Copy(io.Discard, out) // ends with the process
	if d.client, err = mongo.Connect(options.Client().ApplyURI(d.uri).SetTimeout(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.client.Disconnect(t.Context()) }) // over: the driver would look for the server
	return d
}

func (d *double) signal(t *testing.T, s syscall.Signal) error {
	t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return d.cmd.Wait()
}

// ledger is what the writers of TestDevmongoSurvivesKills were told.
type ledger struct {
	mu    sync.Mutex
	next  [killWriters]int
	acked [killWriters]map[int]bool
	count int
	due   int           // acknowledgements until the kill
	now   chan struct{} // closed when they are reached
}

const (
	kills       = 20
	killWriters = 8
	parts       = 3 // documents of one transaction
)

func (l *ledger) number(w int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next[w]++
	return l.next[w]
}

func (l *ledger) ack(w, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[w][n] = true
	if l.count++; l.count == l.due {
		close(l.now)
	}
}

// write commits transactions until the server is gone.
func (l *ledger) write(ctx context.Context, client *mongo.Client, w int) {
	db := client.Database("d")
	for {
		n := l.number(w)
		if transact(ctx, client, func(ctx context.Context) error {
			for part := range parts {
				if _, err := db.Collection("rows").InsertOne(ctx, bson.D{{Key: "_id", Value: fmt.Sprintf("%d-%d-%d", w, n, part)}, {Key: "w", Value: w}, {Key: "n", Value: n}}); err != nil {
					return err
				}
			}
			_, err := db.Collection("sums").UpdateOne(ctx, bson.D{{Key: "_id", Value: w}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}}, options.UpdateOne().SetUpsert(true))
			return err
		}) != nil {
			return // unknown: it may be there or not, but not in part
		}
		l.ack(w, n)
	}
}

// transact runs one transaction once. The driver's WithTransaction would wait for a server that is gone.
func transact(ctx context.Context, client *mongo.Client, f func(context.Context) error) error {
	s, err := client.StartSession()
	if err != nil {
		return err
	}
	if err := s.StartTransaction(); err != nil {
		return err
	}
	if err := f(mongo.NewSessionContext(ctx, s)); err != nil {
		return err
	}
	if err := s.CommitTransaction(ctx); err != nil {
		return err
	}
	s.EndSession(ctx)
	return nil
}

// check reads everything back.
func (l *ledger) check(t *testing.T, client *mongo.Client) {
	t.Helper()
	db := client.Database("d")
	var rows []struct{ W, N int }
	cursor, err := db.Collection("rows").Find(t.Context(), bson.D{})
	if err == nil {
		err = cursor.All(t.Context(), &rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := [killWriters]map[int]int{}
	for w := range found {
		found[w] = map[int]int{}
	}
	for _, r := range rows {
		found[r.W][r.N]++
	}
	for w := range found {
		for n := range l.acked[w] {
			if found[w][n] == 0 {
				t.Errorf("lost: transaction %d of writer %d was acknowledged", n, w)
			}
		}
		for n, k := range found[w] {
			if k != parts {
				t.Errorf("in part: transaction %d of writer %d has %d of its %d documents", n, w, k, parts)
			}
		}
		var sum struct{ N int }
		if err := db.Collection("sums").FindOne(t.Context(), bson.D{{Key: "_id", Value: w}}).Decode(&sum); err != nil && len(found[w]) > 0 {
			t.Fatal(err)
		}
		if sum.N != len(found[w]) {
			t.Errorf("writer %d: %d transactions, but they counted %d", w, len(found[w]), sum.N)
		}
	}
}

// TestDevmongoSurvivesKills kills the process in the middle of commits, again and again on the same
// journal, which is also compacted meanwhile: what was acknowledged is there, nothing is there in part.
func TestDevmongoSurvivesKills(t *testing.T) {
	binary := buildTurnkey(t)
	journal := filepath.Join(t.TempDir(), "journal")
	l := &ledger{}
	for w := range l.acked {
		l.acked[w] = map[int]bool{}
	}
	for range kills {
		d := startDouble(t, binary, "--journal", journal, "--compact-after", "20000")
		l.check(t, d.client)
		l.count, l.due, l.now = 0, 20+rand.IntN(150), make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for w := range killWriters {
			writers.Go(func() { l.write(ctx, d.client, w) })
		}
		<-l.now
		_ = d.signal(t, syscall.SIGKILL)
		stop() // the driver would try again for long
		writers.Wait()
	}
	d := startDouble(t, binary, "--journal", journal)
	l.check(t, d.client)
	total := 0
	for w := range l.acked {
		total += len(l.acked[w])
	}
	t.Logf("%d kills, %d acknowledged transactions", kills, total)
	if err := d.signal(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

func TestDevmongoRefuses(t *testing.T) {
	binary := buildTurnkey(t)
	journal := filepath.Join(t.TempDir(), "journal")
	startDouble(t, binary, "--journal", journal)
	for what, args := range map[string][]string{
		"loopback":                 {"--listen", "0.0.0.0:0"},
		"another development mong": {"--journal", journal},
		"--journal":                {"--journal", filepath.Join(t.TempDir(), "none", "journal")},
	} {
		out, err := exec.Command(binary, append([]string{"devmongo"}, args...)...).CombinedOutput()
		if err == nil || !strings.Contains(strings.ToLower(string(out)), what) || strings.Contains(string(out), "uri=") {
			t.Errorf("devmongo %v: %v %s", args, err, out)
		}
	}
}
