package stand

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"turnkey/runtime/torture/history"
)

// Receiver is somebody else's server: it takes what outboxes send and what afterCommit hooks fetch, and writes down
// what came. Until Heal it refuses some, and takes some without an answer.
type Receiver struct {
	server *http.Server
	addr   string
	check  *standardwebhooks.Webhook
	served chan struct{} // closed when the server has ended

	mu       sync.Mutex
	random   *rand.Rand
	healed   bool
	arrivals []history.Arrival
}

const (
	// receiverKey signs webhooks; the configuration names it as a secret.
	receiverKey = "whsec_dG9ydHVyZSB0b3J0dXJlIHRvcnR1cmUgdG9ydHVyZSE="
	// receiverSecret is the secret's name.
	receiverSecret = "RECEIVER_KEY"
	// ReceiverURL stands in hook files for the receiver.
	ReceiverURL = "http://receiver.invalid"
	// AfterLane is the path, and the lane of the arrivals, of what afterCommit hooks fetch. All others are outboxes.
	AfterLane = "after"
	// Of so many arrivals one is refused; of twice as many one is taken, and its answer lost.
	refusesOneIn = 8
)

// StartReceiver listens on loopback.
func StartReceiver(random *rand.Rand) (*Receiver, error) {
	check, err := standardwebhooks.NewWebhook(receiverKey)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Receiver{addr: l.Addr().String(), check: check, random: random, served: make(chan struct{})}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(r.served)
		_ = r.server.Serve(l) // ends with Close
	}()
	return r, nil
}

// Heal makes it a receiver that takes everything.
func (r *Receiver) Heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.healed = true
}

// Arrivals are all that came so far.
func (r *Receiver) Arrivals() []history.Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]history.Arrival{}, r.arrivals...)
}

// take answers one request, and writes it down before that.
func (r *Receiver) take(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
	if err != nil { // cut off: nothing has come
		return
	}
	lane := strings.TrimPrefix(q.URL.Path, "/")
	a := history.Arrival{Lane: lane, ID: q.Header.Get("webhook-id"), Body: string(body)}
	var what struct{ Tag string }
	if err := json.Unmarshal(body, &what); err != nil {
		a.Wrong = "the body is not what was enqueued: " + err.Error()
	}
	a.Tag = what.Tag
	if lane != AfterLane {
		if err := r.check.VerifyIgnoringTimestamp(body, q.Header); err != nil { // clocks of runtimes jump here
			a.Wrong = "the signature does not verify: " + err.Error()
		}
	}
	r.mu.Lock()
	refuse := !r.healed && r.random.IntN(refusesOneIn) == 0
	silent := !r.healed && !refuse && r.random.IntN(2*refusesOneIn) == 0
	a.Taken = !refuse
	r.arrivals = append(r.arrivals, a)
	r.mu.Unlock()
	switch {
	case refuse:
		w.WriteHeader(http.StatusBadRequest) // 5xx would have the lane left alone after five in a row
	case silent:
		panic(http.ErrAbortHandler)
	}
}

func (r *Receiver) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := r.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = r.server.Close()
	}
	<-r.served
	return err
}
