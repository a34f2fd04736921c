package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// tx is one transaction on one driver session.
type tx struct {
	source *Source
	client *client
	sess   *mongo.Session
	over   bool
	// begun: the heartbeat counts it. spent: its session is never used again. stray: it may be open on
	// the server although it is over here.
	begun, spent, stray bool
	// rows are what Read gave, for writing below members that are null and for judging sizes.
	rows     map[rowKey]stored
	newest   map[blockKey]*source.Receipt // of each block that Read found receipts of
	rejected *bool                        // whether any rejection waits, in the snapshot; nil: not asked yet
}

type rowKey struct {
	collection string
	id         any // normalised: integers are int64
}

// stored is a row as read.
type stored struct {
	doc  *value.Object
	size int
}

// Begin starts a transaction; nothing travels.
func (s *Source) Begin(ctx context.Context, _ source.Session) (source.Tx, error) {
	t, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Source) begin(ctx context.Context) (*tx, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	sess, err := c.StartSession()
	if err != nil {
		return nil, translate(err)
	}
	journal := true
	err = sess.StartTransaction(options.Transaction().
		SetReadConcern(readconcern.Snapshot()).
		SetReadPreference(readpref.Primary()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}))
	if err != nil {
		sess.EndSession(ctx)
		return nil, translate(err)
	}
	return &tx{source: s, client: c, sess: sess}, nil
}

var errOver = errors.New("the transaction is over")

// start precedes the transaction's first command.
func (t *tx) start(ctx context.Context) error {
	if t.over {
		return translate(errOver)
	}
	if t.begun {
		return nil
	}
	t.begun = true
	spent, err := t.source.heart.begin(ctx, t.client, string(t.sess.ID()))
	if t.spent = spent; err != nil {
		return t.fail(ctx, err)
	}
	return nil
}

// fail ends the transaction and translates.
func (t *tx) fail(ctx context.Context, err error) error {
	f := translate(err)
	t.look(err)
	t.Rollback(ctx)
	if f.Class == source.Conflict && f.Code == codeConflict {
		t.source.blocked(ctx, t.client)
	}
	return f
}

// look finds out from an error what became of the session. After NoSuchTransaction and
// TransactionTooOld somebody else has ended our transaction, who took us for dead, and may have used
// up the session's numbers.
func (t *tx) look(err error) {
	var ce mongo.CommandError
	if errors.As(err, &ce) && (ce.Code == codeNoSuchTransaction || ce.Code == codeTransactionTooOld) {
		t.spent = true
	}
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err, context.Canceled) {
		t.stray = true
	}
}

// Apply sends the changes, collection by collection, and when told to finish our own records after
// them, and commits.
func (t *tx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	batches, err := t.batches(changes)
	if err != nil {
		return t.fail(ctx, err)
	}
	for _, b := range batches {
		if err := t.run(ctx, b); err != nil {
			return t.fail(ctx, err)
		}
	}
	if finish == nil {
		t.applied(changes)
		return nil
	}
	o, err := t.finish(ctx, finish)
	if err == nil {
		err = t.send(ctx, o)
	}
	if err != nil {
		return t.fail(ctx, err)
	}
	return t.commit(ctx)
}

// applied keeps what is known of rows true for the changes that follow.
func (t *tx) applied(changes []source.Change) {
	for i := range changes {
		k := keyOf(changes[i].Table, changes[i].ID)
		if changes[i].Kind == source.Delete {
			delete(t.rows, k)
		} else if t.rows != nil {
			t.rows[k] = stored{changes[i].Doc, maxDocument} // the next update of it looks closer
		}
	}
}

// finish writes down what commits together with the changes. A rejection that is there already stays as
// it is: an earlier try has committed after all. Seldom enough for a look, which an insert would spare.
func (t *tx) finish(ctx context.Context, f *source.Finish) (*own, error) {
	o := &own{instance: t.source.opt.Instance}
	o.keep(t, f.Receipts)
	if f.Rejection != nil {
		there, err := byID[publicDoc](mongo.NewSessionContext(ctx, t.sess), t.client.db.Collection(rejectionsName), []string{f.Rejection.ID}, nil)
		if err != nil {
			return nil, err
		}
		if len(there) == 0 {
			o.reject(f.Rejection)
		}
	}
	if err := t.recordConflicts(ctx, o, f.Conflicts); err != nil {
		return nil, err
	}
	if err := t.closeCases(ctx, o, f); err != nil {
		return nil, err
	}
	o.settle(f.Settle)
	o.note(f.Notes)
	o.enqueue(f.Deliveries)
	o.mark(f)
	return o, nil
}

// run sends one write command about rows.
func (t *tx) run(ctx context.Context, b *batch) error {
	n, err := t.command(ctx, b)
	if err != nil {
		f := translate(err)
		if f.Change >= 0 && f.Change < len(b.changes) {
			f.Change = b.changes[f.Change]
		} else if f.Change = -1; len(b.changes) == 1 {
			f.Change = b.changes[0]
		}
		return f
	}
	if b.verb == verbUpdate && n != int64(len(b.changes)) {
		// A row that was read is not there any more: the snapshot excludes it, unless the row was never
		// read. Fresh reads settle either.
		return failure(source.Conflict, "row_vanished", "A row was deleted at the same time.", nil)
	}
	return nil
}

// command sends one write command and gives the number of documents that it found. RunCommand takes
// our bytes as they are; the driver's own bulk write would decode and copy each document again.
func (t *tx) command(ctx context.Context, b *batch) (n int64, err error) {
	reply, err := t.client.db.RunCommand(mongo.NewSessionContext(ctx, t.sess), b.command()).Raw()
	if err != nil {
		return 0, err
	}
	n, _ = reply.Lookup("n").AsInt64OK()
	return n, nil
}

// Pauses between tries to commit.
const (
	commitPause    = 5 * time.Millisecond
	maxCommitPause = 200 * time.Millisecond
)

// commit sends commitTransaction until its outcome is known or the time is up. The server answers a
// repeated commit with the first one's outcome.
func (t *tx) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout) // for callers without a deadline
	defer cancel()
	for pause := commitPause; ; pause = min(2*pause, maxCommitPause) {
		err := t.sess.CommitTransaction(ctx)
		if err == nil {
			t.over = true
			t.end(ctx)
			return nil
		}
		f := translate(err)
		var ce mongo.CommandError
		switch {
		case pause > commitPause && errors.As(err, &ce) && ce.Code == codeTransactionTooOld:
			// An earlier try may have committed; who used up the session's numbers since has hidden it.
			t.Rollback(ctx)
			return failure(source.Unknown, "commit_unknown", "The database did not confirm the commit.", err)
		case errors.As(err, &ce) && ce.HasErrorLabel(labelTransient) && !ce.HasErrorLabel(labelUnknown):
			return t.fail(ctx, failure(source.Conflict, codeConflict, "Another write was in the way.", err))
		case !labelled(err, labelUnknown) && errors.As(err, &ce) && ce.Code != 0 && f.Class != source.Down && f.Class != source.Unknown:
			return t.fail(ctx, err) // refused outright: nothing was committed
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			t.stray = true
			t.Rollback(ctx)
			return failure(source.Unknown, "commit_unknown", "The database did not confirm the commit.", err)
		case <-timer.C:
		}
	}
}

// Rollback ends the transaction without effect. Its own time is short: the server ends what it
// does not hear of.
func (t *tx) Rollback(ctx context.Context) {
	if t.over {
		return
	}
	t.over = true
	t.end(ctx)
}

const rollbackTimeout = 2 * time.Second

func (t *tx) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if t.spent {
		_ = t.sess.AbortTransaction(ctx) // an error: there is nothing to abort
	} else {
		t.sess.EndSession(ctx) // aborts what is open
	}
	if t.begun {
		t.source.heart.end(string(t.sess.ID()), t.spent, t.stray || ctx.Err() != nil)
	}
}
