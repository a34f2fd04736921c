package controlplane

// EventKind names what happened, as noun.verb; it is part of the API and never changes.
type EventKind string

// The events of who there is.
const (
	AccountCreated       EventKind = "account.created"
	SessionStarted       EventKind = "session.started"
	SessionEnded         EventKind = "session.ended"
	AccountUpdated       EventKind = "account.updated"
	EmailVerified        EventKind = "email.verified"
	VerificationSent     EventKind = "email.verification_sent"
	EmailChangeRequested EventKind = "email.change_requested"
	EmailChanged         EventKind = "email.changed"
	IdentityLinked       EventKind = "identity.linked"
	IdentityUnlinked     EventKind = "identity.unlinked"
	ResetRequested       EventKind = "password.reset_requested"
	PasswordReset        EventKind = "password.reset"
	PasswordChanged      EventKind = "password.changed"
	TOTPBegun            EventKind = "totp.begun"
	TOTPEnabled          EventKind = "totp.enabled"
	TOTPRemoved          EventKind = "totp.removed"
	RecoveryCodesMade    EventKind = "recovery_codes.created"
	PasskeyCreated       EventKind = "passkey.created"
	PasskeyUpdated       EventKind = "passkey.updated"
	PasskeyDeleted       EventKind = "passkey.deleted"
	OrganizationCreated  EventKind = "organization.created"
	OrganizationUpdated  EventKind = "organization.updated"
	OrganizationDeleted  EventKind = "organization.deleted"
	MemberUpdated        EventKind = "member.updated"
	MemberRemoved        EventKind = "member.removed"
	InvitationCreated    EventKind = "invitation.created"
	InvitationRevoked    EventKind = "invitation.revoked"
	InvitationAccepted   EventKind = "invitation.accepted"
	TokenCreated         EventKind = "token.created"
	TokenRevoked         EventKind = "token.revoked"
	AlertChannelCreated  EventKind = "alert_channel.created"
	AlertChannelUpdated  EventKind = "alert_channel.updated"
	AlertChannelDeleted  EventKind = "alert_channel.deleted"
	AlertChannelTested   EventKind = "alert_channel.tested"
	ExportCreated        EventKind = "telemetry_export.created"
	ExportUpdated        EventKind = "telemetry_export.updated"
	ExportDeleted        EventKind = "telemetry_export.deleted"
	ExportTested         EventKind = "telemetry_export.tested"
)

// The events of what is run.
const (
	ProjectCreated      EventKind = "project.created"
	ProjectUpdated      EventKind = "project.updated"
	ProjectDeleted      EventKind = "project.deleted"
	InstanceCreated     EventKind = "instance.created"
	InstanceUpdated     EventKind = "instance.updated"
	InstanceDeleted     EventKind = "instance.deleted"
	ConfigUpdated       EventKind = "config.updated"
	ConfigPromoted      EventKind = "config.promoted"
	FileUpdated         EventKind = "file.updated"
	FileDeleted         EventKind = "file.deleted"
	DraftRestored       EventKind = "draft.restored"
	SecretUpdated       EventKind = "secret.updated"
	SecretDeleted       EventKind = "secret.deleted"
	SourceTested        EventKind = "source.tested"
	SourceInspected     EventKind = "source.inspected"
	DeploymentCreated   EventKind = "deployment.created"
	DeploymentActivated EventKind = "deployment.activated"
	SigningKeyRotated   EventKind = "signing_key.rotated"
	SigningKeyRevoked   EventKind = "signing_key.revoked"
	SigningKeysPasted   EventKind = "signing_key.pasted"
	APIKeyCreated       EventKind = "api_key.created"
	APIKeyDeleted       EventKind = "api_key.deleted"
	DevTokenCreated     EventKind = "dev_token.created"
	RejectionReplayed   EventKind = "rejection.replayed"
	RejectionDiscarded  EventKind = "rejection.discarded"
	DeliveryRedelivered EventKind = "delivery.redelivered"
	DeliveryDiscarded   EventKind = "delivery.discarded"
	ConflictResolved    EventKind = "conflict.resolved"
	ConflictDismissed   EventKind = "conflict.dismissed"
	DeploymentReplayed  EventKind = "deployment.replayed"
	DeploymentBraked    EventKind = "deployment.braked"
	UserDataErased      EventKind = "user_data.erased"
	RehearsalRun        EventKind = "rehearsal.run"
	RehearsalReplayed   EventKind = "rehearsal.replayed"
	ShadowStarted       EventKind = "shadow.started"
	ShadowStopped       EventKind = "shadow.stopped"
)

// Catalogue says what each event means. An event that is not listed cannot be recorded, and a test
// asks that each is emitted by a route.
var Catalogue = map[EventKind]string{
	AccountCreated:       "Somebody signed up.",
	SessionStarted:       "Somebody signed in.",
	SessionEnded:         "Somebody signed out, or ended sessions of theirs elsewhere.",
	AccountUpdated:       "Somebody changed their name.",
	EmailVerified:        "Somebody proved to read mail to their address.",
	VerificationSent:     "Somebody asked for another mail to verify their address.",
	EmailChangeRequested: "Somebody asked for a mail to change the address of their account.",
	EmailChanged:         "The address of an account was changed by a mail to the new one.",
	IdentityLinked:       "Somebody let an identity provider sign them in.",
	IdentityUnlinked:     "Somebody ended that an identity provider signs them in.",
	ResetRequested:       "Somebody asked for a mail to reset the password of an account.",
	PasswordReset:        "A password was reset by mail; all sessions of the account ended.",
	PasswordChanged:      "Somebody changed their password; their other sessions ended.",
	TOTPBegun:            "Somebody was shown a secret for an authenticator app.",
	TOTPEnabled:          "Somebody confirmed an authenticator app: signing in asks for its codes.",
	TOTPRemoved:          "Somebody removed their authenticator app.",
	PasskeyCreated:       "Somebody added a passkey.",
	PasskeyUpdated:       "Somebody renamed a passkey.",
	PasskeyDeleted:       "Somebody removed a passkey.",
	RecoveryCodesMade:    "Somebody made new recovery codes; the old ones are void.",
	OrganizationCreated:  "An organization was made.",
	OrganizationUpdated:  "An organization was renamed, or keeps logs for another time.",
	OrganizationDeleted:  "An organization was deleted.",
	MemberUpdated:        "A member's role or projects changed.",
	MemberRemoved:        "A member was removed, or left.",
	InvitationCreated:    "Somebody was invited.",
	InvitationRevoked:    "An invitation was taken back.",
	InvitationAccepted:   "An invited person joined.",
	TokenCreated:         "An API token was made.",
	TokenRevoked:         "An API token was revoked.",
	AlertChannelCreated:  "Somebody chose where alerts go.",
	AlertChannelUpdated:  "Where alerts go, or which, was changed, or paused or resumed.",
	AlertChannelDeleted:  "Alerts do not go there any more.",
	AlertChannelTested:   "Somebody had a test sent to where alerts go.",
	ExportCreated:        "Somebody has telemetry exported.",
	ExportUpdated:        "Where telemetry is exported to, or which, was changed, or paused or resumed.",
	ExportDeleted:        "Telemetry is not exported there any more.",
	ExportTested:         "Somebody had a test sent to where telemetry is exported.",

	ProjectCreated:      "A project was made.",
	ProjectUpdated:      "A project was renamed.",
	ProjectDeleted:      "A project was deleted.",
	InstanceCreated:     "An instance was made, perhaps with configuration, secrets and a deployment.",
	InstanceUpdated:     "An instance was renamed, paused or resumed, or keeps its log for another time.",
	InstanceDeleted:     "An instance was deleted.",
	ConfigUpdated:       "A configuration draft was saved.",
	ConfigPromoted:      "What is deployed on one instance became the draft of another.",
	FileUpdated:         "A hook file was saved.",
	FileDeleted:         "A hook file was removed.",
	DraftRestored:       "What an earlier deployment had was put back into the draft.",
	SecretUpdated:       "A secret was set.",
	SecretDeleted:       "A secret was removed.",
	SourceTested:        "Somebody tested the connection to a source.",
	SourceInspected:     "Somebody let a runtime sample a source.",
	DeploymentCreated:   "A draft was deployed.",
	DeploymentActivated: "An earlier deployment was made active.",
	SigningKeyRotated:   "A new signing key was published.",
	SigningKeyRevoked:   "A signing key was revoked.",
	SigningKeysPasted:   "Somebody said that PowerSync was given the keys by hand.",
	APIKeyCreated:       "An instance's API key was made.",
	APIKeyDeleted:       "An instance's API key was deleted.",
	DevTokenCreated:     "Somebody minted a development token.",
	RejectionReplayed:   "A refused write was replayed, perhaps edited or without the rules.",
	RejectionDiscarded:  "A refused write was given up.",
	DeliveryRedelivered: "A webhook or a call of an afterCommit hook was made due again.",
	DeliveryDiscarded:   "A webhook or a call of an afterCommit hook was given up.",
	ConflictResolved:    "A conflict was decided by somebody, perhaps without the rules.",
	ConflictDismissed:   "A conflict was let be, perhaps with the refused write that it belongs to.",
	DeploymentBraked:    "A deployment refused what the one before it took, and was taken back by itself.",
	DeploymentReplayed:  "What a deployment refused was replayed.",
	RehearsalRun:        "Somebody asked what would become of a write, over an instance's data.",
	RehearsalReplayed:   "Somebody asked what would become of recorded conflicts and refused writes.",
	ShadowStarted:       "A draft was let run beside what is deployed, without writing.",
	ShadowStopped:       "The draft that ran beside what is deployed was stopped.",
	UserDataErased:      "What was kept of one of an instance's users was removed.",
}
