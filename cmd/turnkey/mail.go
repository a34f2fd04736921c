package main

import (
	"strings"

	"turnkey/controlplane"
	"turnkey/controlplane/smtp"
	"turnkey/internal/redact"
)

// mailSettings say how mail is sent, and whether people have to verify their address by one.
type mailSettings struct {
	SMTPURL     redact.Secret `name:"smtp-url" help:"Mail server: smtps://user:password@host:465, or smtp://user:password@host:587 with STARTTLS; better given by file. Unset: no mail is sent, and with --development it is shown on a page."`
	SMTPURLFile string        `name:"smtp-url-file" help:"File with that URL."`
	MailFrom    string        `help:"Sender of mails, such as 'Turnkey <no-reply@turnkey.example>'."`
	VerifyEmail string        `default:"auto" enum:"auto,on,off" help:"Whether people have to verify their address before they change anything but their account; auto: where mail can be sent."`
}

// mailOptions are what becomes of them.
type mailOptions struct {
	mailing controlplane.Mailing
	verify  bool
}

// intoMailbox is what development does: mails are shown on a page, and links in them work.
func intoMailbox(base string) mailOptions {
	return mailOptions{controlplane.Mailing{Mailbox: true, BaseURL: strings.TrimSuffix(base, "/")}, true}
}

func (m mailSettings) options(base string, development bool) (o mailOptions, err error) {
	switch {
	case !m.SMTPURL.Empty() || m.SMTPURLFile != "":
		url, err := secretSetting("--smtp-url", m.SMTPURL, m.SMTPURLFile, "")
		if err != nil {
			return o, err
		}
		mailer, err := smtp.New(smtp.Config{URL: url, From: m.MailFrom})
		if err != nil {
			return o, err
		}
		o = mailOptions{controlplane.Mailing{Mailer: mailer, BaseURL: strings.TrimSuffix(base, "/")}, true}
	case development:
		o = intoMailbox(base)
	case m.VerifyEmail == "on":
		return o, badSetting("--verify-email=on", "needs mail.").WithHint("Set TURNKEY_SMTP_URL and TURNKEY_MAIL_FROM.")
	}
	o.verify = o.verify && m.VerifyEmail != "off"
	return o, nil
}
