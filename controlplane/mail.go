package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
)

// Mail is one message to one person, as plain text.
type Mail struct {
	ID, Kind      string
	To            string
	Subject, Text string
	CreatedAt     time.Time
}

// Mailer hands a mail to a mail server. A fault of kind Invalid says that the server refused it for good;
// any other error is worth another try. *smtp.Mailer is one.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// QueuedMail is a mail in the outbox. Its text is sealed: links in mails prove something.
type QueuedMail struct {
	Mail
	Sealed   []byte
	Attempts int
	// DueAt is nil when nothing is left to do.
	DueAt, SentAt *time.Time
}

type mailTx interface {
	// InsertMail reports false when as many as maxWaiting wait already.
	InsertMail(ctx context.Context, m QueuedMail, maxWaiting int) (bool, error)
	// ClaimMail gives the longest due mail and keeps it from others until the lease ends; NotFound when none is due.
	ClaimMail(ctx context.Context, now, lease time.Time) (QueuedMail, error)
	// DelayMail makes a mail due again.
	DelayMail(ctx context.Context, id string, due time.Time, failure string) error
	// EndMail forgets the text of a mail that was sent (at) or given up (nil).
	EndMail(ctx context.Context, id string, at *time.Time, failure string) error
	// ListKeptMails gives those whose text is there, newest first.
	ListKeptMails(ctx context.Context, limit int) ([]QueuedMail, error)
	DeleteOldMails(ctx context.Context, before time.Time) (int64, error)
}

// Mailing says what becomes of mail.
type Mailing struct {
	// Mailer sends it; nil: it is not sent.
	Mailer Mailer
	// Mailbox keeps what cannot be sent for Mails.Mailbox to show; for development only.
	Mailbox bool
	// BaseURL is where links lead: "https://dashboard.example".
	BaseURL string
}

// possible reports whether anybody gets a mail that is posted.
func (m Mailing) possible() bool { return m.Mailer != nil || m.Mailbox }

const (
	// maxMailsWaiting bounds the outbox while the mail server is down.
	maxMailsWaiting = 10_000
	// mailLife is how long sending is tried; what mails link to has expired by then.
	mailLife = 24 * time.Hour
	// mailLease is how long a replica may take over one attempt before others try.
	mailLease = 2 * time.Minute
	// mailKept is how long it is known what became of a mail, and how long a mailbox shows it.
	mailKept = 7 * 24 * time.Hour
)

func mailLabel(id string) string { return "mail/" + id }

// post writes a mail in the transaction of what it tells about. Where no mail can be sent it does nothing.
func (k *core) post(ctx context.Context, tx Tx, m Mail) (err error) {
	if !k.mailing.possible() {
		return nil
	}
	if m.ID, err = k.ids.New(prefixMail); err != nil {
		return err
	}
	m.CreatedAt = k.now()
	q := QueuedMail{Mail: m}
	if q.Sealed, err = k.vault.Seal([]byte(m.Text), mailLabel(m.ID)); err != nil {
		return err
	}
	if at := m.CreatedAt; k.mailing.Mailer != nil {
		q.DueAt = &at
	} else {
		q.SentAt = &at // into the mailbox
	}
	ok, err := tx.InsertMail(ctx, q, maxMailsWaiting)
	if err == nil && !ok {
		return fault.New(fault.Unavailable, "mail_backlog", "Too many mails wait for the mail server.").
			WithHint("Try again later; the operator sees in the log why the mail server does not take them.")
	}
	return err
}

// mailUnavailable refuses what works by mail only.
func (k *core) needMail() error {
	if k.mailing.possible() {
		return nil
	}
	return fault.New(fault.Unavailable, "mail_unavailable", "This installation cannot send mail.").
		WithHint("The operator sets TURNKEY_SMTP_URL and TURNKEY_MAIL_FROM.")
}

// Mails is the service of the outbox of mails.
type Mails struct{ *core }

// Mailbox gives the newest mails of a development installation.
func (s *Mails) Mailbox(ctx context.Context) (list []Mail, err error) {
	if !s.mailing.Mailbox {
		return nil, notFound("mailbox")
	}
	var kept []QueuedMail
	err = s.read(ctx, func(tx Tx) error {
		kept, err = tx.ListKeptMails(ctx, MaxPage)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, q := range kept {
		if q.Mail, err = s.opened(q); err != nil {
			return nil, err
		}
		list = append(list, q.Mail)
	}
	return list, nil
}

func (s *Mails) opened(q QueuedMail) (Mail, error) {
	text, err := s.vault.Open(q.Sealed, mailLabel(q.ID))
	q.Text = string(text)
	return q.Mail, err
}

// Sweep forgets mails that are done with; it returns how many.
func (s *Mails) Sweep(ctx context.Context) (n int64, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		n, err = tx.DeleteOldMails(ctx, s.now().Add(-mailKept))
		return err
	})
	return n, err
}
