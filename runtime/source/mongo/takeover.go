package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"turnkey/runtime/source"
)

const (
	// A row of conflicts without a pause of conflictPause is looked into when it is conflictPatience
	// long, and then every takeoverPause.
	conflictPatience = 300 * time.Millisecond
	conflictPause    = 2 * time.Second
	takeoverPause    = 250 * time.Millisecond
	// staleAfter is the age of a heartbeat that three beats are missing from.
	staleAfter      = 1500 * time.Millisecond
	takeoverTimeout = 5 * time.Second
)

// crowd watches for conflicts that do not end.
type crowd struct {
	mu         sync.Mutex
	since      time.Time // the first conflict of the row
	last, next time.Time
	running    bool
}

// conflict counts one; true: somebody should look for the dead now, and says done afterwards.
func (c *crowd) conflict(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) > conflictPause {
		c.since = now
	}
	c.last = now
	if c.running || now.Sub(c.since) < conflictPatience || now.Before(c.next) {
		return false
	}
	c.running = true
	return true
}

func (c *crowd) done(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running, c.next = false, now.Add(takeoverPause)
}

// runtimeDoc is an entry of turnkey_runtimes. Ended is the At of which its sessions were ended, Outbid
// that of which they were also outbid.
type runtimeDoc struct {
	ID       string     `bson:"_id"`
	At       time.Time  `bson:"at"`
	Sessions []bson.Raw `bson:"sessions"`
	Ended    *time.Time `bson:"ended,omitempty"`
	Outbid   *time.Time `bson:"outbid,omitempty"`
}

// blocked is told of each conflict, after the transaction that met it was rolled back.
func (s *Source) blocked(ctx context.Context, c *client) {
	if !s.crowd.conflict(s.opt.Now()) {
		return
	}
	defer func() { s.crowd.done(s.opt.Now()) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeoverTimeout)
	defer cancel()
	if err := s.takeover(ctx, c); err != nil {
		s.opt.Log.Warn("looking for killed runtimes whose transactions are in the way", "error", err)
	}
}

// takeover ends the sessions of runtimes that have stopped beating, and those of ours that we have
// lost. Ages are by the server's clock alone: both its times come from there.
func (s *Source) takeover(ctx context.Context, c *client) error {
	if stray := s.heart.astray(); len(stray) > 0 {
		if err := c.kill(ctx, stray); err != nil {
			return err
		}
		s.heart.forget(stray)
	}
	now, err := c.now(ctx)
	if err != nil {
		return err
	}
	runtimes := c.db.Collection(runtimesName, options.Collection().SetWriteConcern(writeconcern.W1()))
	cursor, err := runtimes.Find(ctx, bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: now.Add(-staleAfter)}}}, {Key: "_id", Value: bson.D{{Key: "$ne", Value: s.id}}}})
	if err != nil {
		return err
	}
	var stale []runtimeDoc
	if err := cursor.All(ctx, &stale); err != nil {
		return err
	}
	var failed error
	for i := range stale { // one that cannot be ended must not keep the others
		failed = errors.Join(failed, s.end(ctx, c, runtimes, &stale[i]))
	}
	return failed
}

// end ends the sessions of one runtime: first by killing them, and if the conflicts go on by outbidding.
func (s *Source) end(ctx context.Context, c *client, runtimes *mongo.Collection, r *runtimeDoc) error {
	mark, end := "ended", c.kill
	switch {
	case r.Outbid != nil && r.Outbid.Equal(r.At):
		return nil
	case r.Ended != nil && r.Ended.Equal(r.At): // the server said yes, and the conflicts go on
		mark, end = "outbid", c.outbid
	}
	if err := end(ctx, r.Sessions); err != nil {
		return err
	}
	// A beat in between makes it a runtime that lives: nothing is marked then.
	_, err := runtimes.UpdateOne(ctx, bson.D{{Key: "_id", Value: r.ID}, {Key: "at", Value: r.At}}, bson.D{{Key: "$set", Value: bson.D{{Key: mark, Value: r.At}}}})
	if err == nil {
		s.opt.Log.Info("ended the database sessions of a runtime that has stopped", "runtime", r.ID, "sessions", len(r.Sessions))
	}
	return err
}

// now is the server's clock.
func (c *client) now(ctx context.Context) (time.Time, error) {
	var hello struct {
		Now time.Time `bson:"localTime"`
	}
	err := c.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	return hello.Now, err
}

// kill ends sessions, and with them their open transactions.
func (c *client) kill(ctx context.Context, sessions []bson.Raw) error {
	if len(sessions) == 0 {
		return nil
	}
	if !c.cannotKill.Load() {
		list := make(bson.A, len(sessions))
		for i, lsid := range sessions {
			list[i] = lsid
		}
		err := c.db.RunCommand(ctx, bson.D{{Key: "killSessions", Value: list}}).Err()
		if err == nil || translate(err).Class == source.Down {
			return err
		}
		c.cannotKill.Store(true) // small Atlas tiers refuse the command
	}
	return c.outbid(ctx, sessions)
}

// outbids is the number of a transaction that ends whatever a session has open: the driver counts from
// one, and heartbeat sees to it that no session gets near this.
const outbids = 1 << 10

var errSession = errors.New("a stored session id is not one")

// outbid ends the sessions' open transactions without killSessions.
func (c *client) outbid(ctx context.Context, sessions []bson.Raw) error {
	var failed error
	for _, lsid := range sessions {
		failed = errors.Join(failed, c.outbidOne(ctx, lsid))
	}
	return failed
}

// outbidOne ends a session's open transaction by starting a later one on it, which is aborted at once.
// The driver lets nobody name a session or a number. But the id that a session gives is its own, not a
// copy; and beginning and ending a transaction that nothing is sent in counts up. The session
// is given up afterwards: it is never returned to the pool.
func (c *client) outbidOne(ctx context.Context, lsid bson.Raw) error {
	sess, err := c.StartSession()
	if err != nil {
		return err
	}
	if len(sess.ID()) != len(lsid) {
		return errSession
	}
	copy(sess.ID(), lsid)
	journal := true
	opt := options.Transaction().SetReadPreference(readpref.Primary()).SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal})
	for range outbids {
		if err := sess.StartTransaction(opt); err != nil {
			return err
		}
		if err := sess.AbortTransaction(ctx); err != nil {
			return err
		}
	}
	if err := sess.StartTransaction(opt); err != nil {
		return err
	}
	err = c.db.Collection(metaName).FindOne(mongo.NewSessionContext(ctx, sess), bson.D{{Key: "_id", Value: "layout"}}).Err()
	if abort := sess.AbortTransaction(ctx); err == nil && abort != nil {
		return abort
	}
	var refused mongo.CommandError
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil
	case errors.As(err, &refused) && (refused.Code == codeTransactionTooOld || refused.Code == codeNoSuchTransaction):
		return nil // somebody outbid it before us: whatever was open is over
	}
	return err
}
