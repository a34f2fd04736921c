package controlplane

// EventKind names what happened, as noun.verb; it is part of the API and never changes.
type EventKind string

// The events of who there is.
const (
	AccountCreated      EventKind = "account.created"
	SessionStarted      EventKind = "session.started"
	SessionEnded        EventKind = "session.ended"
	OrganizationCreated EventKind = "organization.created"
	OrganizationUpdated EventKind = "organization.updated"
	OrganizationDeleted EventKind = "organization.deleted"
	MemberUpdated       EventKind = "member.updated"
	MemberRemoved       EventKind = "member.removed"
	InvitationCreated   EventKind = "invitation.created"
	InvitationRevoked   EventKind = "invitation.revoked"
	InvitationAccepted  EventKind = "invitation.accepted"
	TokenCreated        EventKind = "token.created"
	TokenRevoked        EventKind = "token.revoked"
)

// Catalogue says what each event means. An event that is not listed cannot be recorded, and a test
// asks that each is emitted by a route.
var Catalogue = map[EventKind]string{
	AccountCreated:      "Somebody signed up.",
	SessionStarted:      "Somebody signed in.",
	SessionEnded:        "Somebody signed out.",
	OrganizationCreated: "An organization was made.",
	OrganizationUpdated: "An organization was renamed.",
	OrganizationDeleted: "An organization was deleted.",
	MemberUpdated:       "A member's role or projects changed.",
	MemberRemoved:       "A member was removed, or left.",
	InvitationCreated:   "Somebody was invited.",
	InvitationRevoked:   "An invitation was taken back.",
	InvitationAccepted:  "An invited person joined.",
	TokenCreated:        "An API token was made.",
	TokenRevoked:        "An API token was revoked.",
}
