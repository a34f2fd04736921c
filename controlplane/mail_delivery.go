package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
)

// mailPoll is how soon a posted mail is seen. Asking is one look into an index that is empty nearly always.
const mailPoll = time.Second

// mailPauses are the pauses between attempts; the last one repeats.
var mailPauses = []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

// Deliver sends what is due until ctx ends. Any number of replicas may run it: a mail belongs to one of
// them at a time. A mail is sent at least once; it may come twice when a replica dies between the server's
// answer and the commit, under the same Message-ID.
func (s *Mails) Deliver(ctx context.Context) error {
	if s.mailing.Mailer == nil {
		return nil
	}
	tick := time.NewTicker(mailPoll)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = s.DeliverOne(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "cannot read the outbox of mails", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// DeliverOne sends the longest due mail, if there is one; more says that others may be due, too. After a
// failure the rest waits for the next turn: a server that does not answer is not asked again at once.
func (s *Mails) DeliverOne(ctx context.Context) (more bool, err error) {
	var q QueuedMail
	err = s.store.InTx(ctx, func(tx Tx) error {
		q, err = tx.ClaimMail(ctx, s.now(), s.now().Add(mailLease))
		return err
	})
	if fault.IsKind(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, err := s.opened(q)
	if err == nil {
		err = s.mailing.Mailer.Send(ctx, m)
	} else { // the key-encryption keyset is another one: no try helps
		err = fault.Wrap(err, fault.Invalid, "mail_unreadable", "The mail's text does not open.")
	}
	if err != nil && ctx.Err() != nil {
		return false, ctx.Err() // the lease ends, and the mail is due again
	}
	return err == nil, s.settle(ctx, q, err)
}

// settle writes down what became of an attempt.
func (s *Mails) settle(ctx context.Context, q QueuedMail, failed error) error {
	now := s.now()
	f := fault.Of(failed)
	return s.store.InTx(ctx, func(tx Tx) error {
		switch {
		case failed == nil:
			return tx.EndMail(ctx, q.ID, &now, "")
		case f.Kind == fault.Invalid || now.Sub(q.CreatedAt) >= mailLife:
			s.log.ErrorContext(ctx, "a mail was given up", "mail", q.ID, "kind", q.Kind, "attempts", q.Attempts, "error", failed)
			return tx.EndMail(ctx, q.ID, nil, f.Code)
		}
		s.log.WarnContext(ctx, "a mail could not be sent yet", "mail", q.ID, "kind", q.Kind, "attempts", q.Attempts, "error", failed)
		pause := mailPauses[min(max(q.Attempts, 1), len(mailPauses))-1]
		return tx.DelayMail(ctx, q.ID, now.Add(pause), f.Code)
	})
}
