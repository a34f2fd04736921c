package mongo

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"turnkey/runtime/source"
)

const (
	beatEvery   = 500 * time.Millisecond
	beatTimeout = 2 * time.Second
	// sessionIdle is when the driver does not use a pooled session any more: after 29 minutes.
	sessionIdle = 35 * time.Minute
	// trusted is how long an entry that nobody refreshed is believed to be there: sweeping takes a day.
	trusted = time.Hour
	// sessionTransactions is how many transactions a session runs; see outbids.
	sessionTransactions = 500
	maxStrays           = 200
)

// heartbeat keeps this source's entry in turnkey_runtimes: the sessions that its transactions run on,
// and when it was last alive, by the server's clock. Whoever finds the entry stale may end them.
//
// A session is entered before its first transaction. From then on a refresh every half second is
// enough, and only while transactions run: what an idle source has open is nothing.
type heartbeat struct {
	s    *Source
	wake chan struct{} // used again
	turn chan struct{} // one token: who writes the entry has it

	mu       sync.Mutex
	sessions map[string]*session // by lsid document
	entered  map[string]bool     // those that the entry names
	strays   map[string]bool     // of ours, with a transaction that may be open without us
	last     time.Time           // when the entry was written
	busy     int                 // transactions under way
	used     bool                // one began since the last beat
	warned   time.Time

	// What writes the entry has a session of its own, so that its retryable writes do not count up the
	// numbers of those that transactions use. The turn guards both.
	client  *client
	session *mongo.Session
}

// session is one that transactions run on.
type session struct {
	used         time.Time
	transactions int
}

func newHeartbeat(s *Source) *heartbeat {
	h := &heartbeat{s: s, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1), sessions: map[string]*session{}, entered: map[string]bool{}, strays: map[string]bool{}}
	h.turn <- struct{}{}
	return h
}

// begin counts a transaction and makes sure that its session is entered. Only a database that is down
// is an error: without the entry a transaction is as good, until this process is killed. spent says
// that the session must not be used again after this transaction.
func (h *heartbeat) begin(ctx context.Context, c *client, lsid string) (spent bool, err error) {
	now := h.s.opt.Now()
	h.mu.Lock()
	h.busy++
	h.used = true
	sess := h.sessions[lsid]
	if sess == nil {
		sess = &session{}
		h.sessions[lsid] = sess
	}
	sess.used = now
	sess.transactions++
	spent = sess.transactions >= sessionTransactions
	known := h.entered[lsid] && now.Sub(h.last) < trusted
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
	if known {
		return spent, nil
	}
	if err := h.enter(ctx, c, lsid); err != nil {
		f := translate(err)
		if f.Class == source.Down || ctx.Err() != nil {
			return spent, f
		}
		h.warn(now, f)
	}
	return spent, nil
}

// end is the opposite of begin.
func (h *heartbeat) end(lsid string, spent, stray bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy--
	if stray && len(h.strays) < maxStrays {
		h.strays[lsid] = true
	} else if spent {
		delete(h.sessions, lsid)
	}
}

// enter writes the entry unless somebody has done so meanwhile.
func (h *heartbeat) enter(ctx context.Context, c *client, lsid string) error {
	select {
	case <-h.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { h.turn <- struct{}{} }()
	h.mu.Lock()
	known := h.entered[lsid] && h.s.opt.Now().Sub(h.last) < trusted
	h.mu.Unlock()
	if known {
		return nil
	}
	return h.write(ctx, c)
}

// write stores the entry with all sessions; who calls it has the turn.
func (h *heartbeat) write(ctx context.Context, c *client) error {
	now := h.s.opt.Now()
	h.mu.Lock()
	names := map[string]bool{}
	list := bson.A{}
	for lsid, sess := range h.sessions {
		if now.Sub(sess.used) > sessionIdle {
			delete(h.sessions, lsid)
			continue
		}
		names[lsid] = true
		list = append(list, bson.Raw(lsid))
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	if h.client != c {
		sess, err := c.StartSession()
		if err != nil {
			return err
		}
		h.client, h.session = c, sess
	}
	// One member's word is enough: with the member that loses it, the transactions are lost as well.
	runtimes := c.db.Collection(runtimesName, options.Collection().SetWriteConcern(writeconcern.W1()))
	_, err := runtimes.UpdateByID(mongo.NewSessionContext(ctx, h.session), h.s.id, bson.D{{Key: "$set", Value: bson.D{{Key: "sessions", Value: list}}}, {Key: "$currentDate", Value: bson.D{{Key: "at", Value: true}}}},
		options.UpdateOne().SetUpsert(true))
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.entered, h.last = names, now
	h.mu.Unlock()
	return nil
}

// run refreshes the entry until ctx ends, while transactions run.
func (h *heartbeat) run(ctx context.Context) error {
	timer := time.NewTimer(beatEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		}
		if err := h.beat(ctx); err != nil && ctx.Err() == nil {
			h.warn(h.s.opt.Now(), err)
		}
		timer.Reset(beatEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		h.mu.Lock()
		again := h.busy > 0 || h.used
		h.used = false
		h.mu.Unlock()
		if again {
			select {
			case h.wake <- struct{}{}:
			default:
			}
		}
	}
}

func (h *heartbeat) beat(ctx context.Context) error {
	c := h.s.live.Load()
	if c == nil {
		return nil
	}
	select {
	case <-h.turn:
	case <-ctx.Done():
		return nil
	}
	defer func() { h.turn <- struct{}{} }()
	return h.write(ctx, c)
}

// warn logs at most once a minute.
func (h *heartbeat) warn(now time.Time, err error) {
	h.mu.Lock()
	quiet := now.Sub(h.warned) < time.Minute
	if !quiet {
		h.warned = now
	}
	h.mu.Unlock()
	if !quiet {
		h.s.opt.Log.Warn("the runtime's heartbeat in the source database fails: if this process is killed, its open transactions block others for up to a minute", "error", err)
	}
}

// astray gives the sessions of ours that may have a transaction open without us.
func (h *heartbeat) astray() []bson.Raw {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []bson.Raw
	for lsid := range h.strays {
		out = append(out, bson.Raw(lsid))
	}
	slices.SortFunc(out, func(a, b bson.Raw) int { return slices.Compare(a, b) })
	return out
}

func (h *heartbeat) forget(list []bson.Raw) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, lsid := range list {
		delete(h.strays, string(lsid))
		delete(h.sessions, string(lsid))
	}
}
