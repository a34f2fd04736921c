package controlplane

import (
	"net/url"
	"time"

	"turnkey/internal/redact"
)

// The kinds of mails.
const (
	mailVerification = "verification"
	mailReset        = "reset"
	mailChanged      = "account_changed"
	mailInvitation   = "invitation"
)

// link is an address of our pages with a string that proves something. The string lies behind "?": pages
// send no referrer and load nothing from elsewhere.
func (m Mailing) link(path string, token redact.Secret) string {
	return m.BaseURL + path + "?token=" + url.QueryEscape(token.Reveal())
}

const mailEnd = "\n\n-- \nTurnkey\n"

func (m Mailing) verification(to string, token redact.Secret) Mail {
	return Mail{Kind: mailVerification, To: to, Subject: "Verify your e-mail address", Text: "Open this address to verify that mail to you arrives:\n\n" +
		m.link("/verify", token) + "\n\nIt works once, within 24 hours. If you did not sign up, do nothing: without it the account can change nothing." + mailEnd}
}

func (m Mailing) reset(to string, token redact.Secret) Mail {
	return Mail{Kind: mailReset, To: to, Subject: "Choose a new password", Text: "Somebody asked to reset the password of your account. If that was you, open this address and choose a new one:\n\n" +
		m.link("/reset", token) + "\n\nIt works once, within one hour, and signs you out everywhere. If it was not you, do nothing: your password stays as it is." + mailEnd}
}

// changed warns of what a thief would do with an account.
func (m Mailing) changed(to, what string, at time.Time) Mail {
	return Mail{Kind: mailChanged, To: to, Subject: "Your account: " + what, Text: "This happened to your account at " + at.Format("2006-01-02 15:04") + " UTC: " + what + ".\n\n" +
		"If it was not you, reset your password now and look at your sessions:\n\n" + m.BaseURL + "/forgot" + mailEnd}
}

func (m Mailing) invitation(to, by, organization string, role Role, token redact.Secret) Mail {
	return Mail{Kind: mailInvitation, To: to, Subject: "You are invited to " + organization, Text: by + " invites you to the organization \"" + organization + "\" as " + string(role) + ".\n\n" +
		"To join, open this address and sign in or sign up as " + to + ":\n\n" + m.link("/invitation", token) + "\n\nIt works once, within 7 days." + mailEnd}
}
