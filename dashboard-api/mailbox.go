package dashboardapi

import (
	"context"
	"regexp"
	"time"
)

type mail struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" doc:"verification, reset, invitation and the like"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Link      string    `json:"link,omitempty" doc:"The first address in the text"`
	CreatedAt time.Time `json:"created_at"`
}

type mailsOutput struct {
	Body struct {
		Data []mail `json:"data" nullable:"false" doc:"The newest first, at most 100"`
	}
}

var mailLink = regexp.MustCompile(`https?://\S+`)

// listMails is the mailbox of everybody, where no mail can be sent. It is no route outside of development.
func (a *api) listMails(ctx context.Context, _ *struct{}) (*mailsOutput, error) {
	list, err := a.cfg.Plane.Mails.Mailbox(ctx)
	if err != nil {
		return nil, err
	}
	out := &mailsOutput{}
	out.Body.Data = make([]mail, len(list))
	for i, m := range list {
		out.Body.Data[i] = mail{ID: m.ID, Kind: m.Kind, To: m.To, Subject: m.Subject, Text: m.Text, Link: mailLink.FindString(m.Text), CreatedAt: m.CreatedAt}
	}
	return out, nil
}
