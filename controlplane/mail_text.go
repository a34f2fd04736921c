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
	mailEmailChange  = "email_change"
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

// emailChange goes to the address that is to be the account's.
func (m Mailing) emailChange(to string, token redact.Secret) Mail {
	return Mail{Kind: mailEmailChange, To: to, Subject: "Confirm your new e-mail address", Text: "Open this address to make this your account's e-mail address:\n\n" +
		m.link("/email", token) + "\n\nIt works once, within 24 hours. If you did not ask for it, do nothing: nothing changes." + mailEnd}
}

// emailChanged goes to the address that was the account's: a reset by mail cannot help there any more.
func (m Mailing) emailChanged(to string, at time.Time) Mail {
	return Mail{Kind: mailChanged, To: to, Subject: "Your account: it has another e-mail address", Text: "At " + at.Format("2006-01-02 15:04") + " UTC your account got another e-mail address. Mail about it goes there from now on, and this address signs nobody in.\n\n" +
		"If it was not you, tell whoever runs this installation, and an owner of your organization, at once." + mailEnd}
}

func (m Mailing) invitation(to, by, organization string, role Role, token redact.Secret) Mail {
	return Mail{Kind: mailInvitation, To: to, Subject: "You are invited to " + organization, Text: by + " invites you to the organization \"" + organization + "\" as " + string(role) + ".\n\n" +
		"To join, open this address and sign in or sign up as " + to + ":\n\n" + m.link("/invitation", token) + "\n\nIt works once, within 7 days." + mailEnd}
}
