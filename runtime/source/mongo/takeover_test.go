package mongo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/internal/redact"
	"turnkey/runtime/source"
)

// victimEnv makes this test's binary a runtime that can be killed: "<uri> <database>".
const victimEnv = "TURNKEY_TEST_VICTIM"

// operation is what victim and survivor both want to apply: it adds one to a row.
type operation struct{ s *Source }

func (op operation) receipt(known []source.Receipt) source.Receipt {
	return source.Receipt{Owner: source.Owner{7}, Block: 3, Seq: int32(len(known)), Ops: []int64{100}, Prints: []source.Print{{1}}, At: time.Now().UTC().Truncate(time.Millisecond)}
}

// begin does everything but commit; known is true, and nothing was done, when the receipt is there.
func (op operation) begin(ctx context.Context) (x source.Tx, finish *source.Finish, known bool, err error) {
	if x, err = op.s.Begin(ctx, source.Session{}); err != nil {
		return nil, nil, false, err
	}
	ref := source.Ref{Table: todos, ID: "n"}
	rows, history, err := x.Read(ctx, []source.Ref{ref}, &source.Claim{Owner: source.Owner{7}, Blocks: []int64{3}})
	if err != nil || len(history.Receipts) > 0 {
		return x, nil, err == nil, err
	}
	n, _ := rows[0].Doc.Get("n")
	err = x.Apply(ctx, []source.Change{{Kind: source.Update, Table: todos, ID: "n", Set: []source.Assignment{{Path: []string{"n"}, Value: n.(int64) + 1}}}}, nil)
	return x, &source.Finish{Receipts: []source.Receipt{op.receipt(nil)}}, false, err
}

// until runs the operation until it is applied, or known to be.
func (op operation) until(ctx context.Context) (known bool, err error) {
	for {
		x, finish, known, err := op.begin(ctx)
		if err == nil && !known {
			err = x.Apply(ctx, nil, finish)
		}
		if x != nil {
			x.Rollback(ctx)
		}
		if err == nil || source.FailureOf(err).Class != source.Conflict || ctx.Err() != nil {
			return known, err
		}
	}
}

// victim opens a transaction and says so; at each line that it reads it tries to commit, and tells the
// outcome.
func victim(setting string) int {
	uri, database, _ := strings.Cut(setting, " ")
	ctx := context.Background()
	s, err := Open(ctx, Options{URI: redact.New(uri), Database: database, Dial: (&net.Dialer{}).DialContext, AllowPrivate: true, Now: time.Now, Runtime: "victim"})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	op := operation{s}
	x, finish, _, err := op.begin(ctx)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("open")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if err := x.Apply(ctx, nil, finish); err != nil {
			fmt.Println("class", source.FailureOf(err).Class)
		} else {
			fmt.Println("committed")
		}
		known, err := op.until(ctx)
		fmt.Println("known", known, err)
	}
	return 0
}

// process is a victim.
type process struct {
	*exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startVictim(t *testing.T, w *world) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+w.uri+" "+w.opt.Database)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd, in, bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p.says(t, "open")
	return p
}

func (p *process) says(t *testing.T, want string) {
	t.Helper()
	if !p.out.Scan() || p.out.Text() != want {
		t.Fatalf("the victim says %q, want %q", p.out.Text(), want)
	}
}

// refuseKill makes the server refuse killSessions, as small Atlas tiers do.
func refuseKill(t *testing.T, w *world) {
	t.Helper()
	admin := w.bare.Client().Database("admin")
	point := func(mode any) error {
		return admin.RunCommand(context.Background(), bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: mode},
			{Key: "data", Value: bson.D{{Key: "failCommands", Value: bson.A{"killSessions"}}, {Key: "errorCode", Value: int32(8000)}}}}).Err()
	}
	if err := point("alwaysOn"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = point("off") })
}

func TestTheOpenTransactionOfADeadRuntimeIsEnded(t *testing.T) {
	for name, refused := range map[string]bool{"by killSessions": false, "where that is refused": true} {
		for _, how := range []struct {
			name   string
			signal syscall.Signal
		}{{"killed", syscall.SIGKILL}, {"stopped", syscall.SIGSTOP}} {
			t.Run(how.name+" "+name, func(t *testing.T) {
				took := time.Hour
				for try := 0; took > 3*time.Second && try < 3; try++ { // the machine may stand still as well
					took = blockedBy(t, refused, how.signal)
					t.Logf("the same client's retry was blocked for %v", took)
				}
				if took > 3*time.Second {
					t.Error("too long")
				}
			})
		}
	}
}

// blockedBy is how long a client's retry waits for a runtime that got the signal in the middle of its transaction.
func blockedBy(t *testing.T, refused bool, signal syscall.Signal) time.Duration {
	t.Helper()
	w := newWorld(t, func(o *Options) { o.Runtime = "survivor" })
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if refused {
		refuseKill(t, w)
	}
	if err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "n", Doc: doc("n", int64(0))}); err != nil {
		t.Fatal(err)
	}
	p := startVictim(t, w)
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	died := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	known, err := operation{w.Source}.until(ctx)
	if err != nil || known {
		t.Fatalf("known %v: %v", known, err)
	}
	took := time.Since(died)
	if signal == syscall.SIGSTOP {
		if err := p.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p.in, "commit\n"); err != nil {
			t.Fatal(err)
		}
		p.says(t, fmt.Sprint("class ", source.Conflict))
		p.says(t, "known true <nil>")
	}
	if n := w.raw(t, "n").Lookup("n").Int64(); n != 1 {
		t.Errorf("the operation was applied %d times", n)
	}
	return took
}
