package dashboardapi

import (
	"net/http"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
)

// accountRoutes are those of people about themselves: how they come in and how they prove who they are.
func (a *api) accountRoutes() []route {
	own, counted := []option{ownAccount()}, []option{ownAccount(), noReplay()}
	list := []route{
		{get, "/auth/providers", authz.Public, nowhere, quiet, "How one can sign in and up here", handle(a.listProviders), nil},
		{post, "/auth/signup", authz.Public, nowhere, controlplane.AccountCreated, "Sign up", handle(a.signUp), []option{status(http.StatusCreated)}},
		{post, "/auth/login", authz.Public, nowhere, controlplane.SessionStarted, "Sign in", handle(a.logIn), nil},
		{post, "/auth/login/code", authz.Public, nowhere, controlplane.SessionStarted, "Sign in: the second step", handle(a.logInByCode), nil},
		{get, "/auth/oidc/{provider}/start", authz.Public, nowhere, quiet, "Sign in with a provider: go there", handle(a.startOIDC), []option{navigation()}},
		{get, "/auth/oidc/{provider}/callback", authz.Public, nowhere, controlplane.SessionStarted, "Sign in with a provider: come back", handle(a.finishOIDC), []option{navigation()}},
		{get, "/auth/identities", authz.Person, nowhere, quiet, "List the providers that sign me in", handle(a.listIdentities), nil},
		{post, "/auth/identities", authz.Person, nowhere, controlplane.IdentityLinked, "Let a provider sign me in", handle(a.linkIdentity), []option{ownAccount(), noReplay(), status(http.StatusCreated)}},
		{post, "/auth/identities/{identity}/unlink", authz.Person, nowhere, controlplane.IdentityUnlinked, "End that a provider signs me in", handle(a.unlinkIdentity), counted},
		{post, "/auth/login/passkey/begin", authz.Public, nowhere, quiet, "Sign in with a passkey: what to ask the browser", handle(a.beginPasskeyLogIn), nil},
		{post, "/auth/login/passkey", authz.Public, nowhere, controlplane.SessionStarted, "Sign in with a passkey", handle(a.logInByPasskey), nil},
		{post, "/auth/logout", authz.Person, nowhere, controlplane.SessionEnded, "Sign out", handle(a.logOut), own},

		{get, "/auth/me", authz.SignedIn, nowhere, quiet, "Who am I", handle(a.me), nil},
		{patch, "/auth/me", authz.Person, nowhere, controlplane.AccountUpdated, "Change my name", handle(a.renameMe), own},
		{post, "/auth/verify", authz.Public, nowhere, controlplane.EmailVerified, "Verify an e-mail address by a mailed link", handle(a.verify), nil},
		{post, "/auth/verify/resend", authz.Person, nowhere, controlplane.VerificationSent, "Mail me another link to verify my address", handle(a.resendVerification), own},
		{post, "/auth/email", authz.Person, nowhere, controlplane.EmailChangeRequested, "Mail a link to the address that I want", handle(a.askForEmail), counted},
		{post, "/auth/email/confirm", authz.Public, nowhere, controlplane.EmailChanged, "Change an account's address by the link mailed to the new one", handle(a.confirmEmail), nil},

		{post, "/auth/forgot", authz.Public, nowhere, controlplane.ResetRequested, "Mail a link to choose a new password", handle(a.forgetPassword), nil},
		{post, "/auth/reset", authz.Public, nowhere, controlplane.PasswordReset, "Choose a new password by a mailed link", handle(a.resetPassword), nil},
		{post, "/auth/password", authz.Person, nowhere, controlplane.PasswordChanged, "Change my password", handle(a.changePassword), counted},

		{get, "/auth/sessions", authz.Person, nowhere, quiet, "List my sessions", handle(a.listSessions), nil},
		{remove, "/auth/sessions/{session}", authz.Person, nowhere, controlplane.SessionEnded, "End a session of mine", handle(a.endSession), own},
		{remove, "/auth/sessions", authz.Person, nowhere, controlplane.SessionEnded, "End my other sessions", handle(a.endOtherSessions), own},

		{get, "/auth/totp", authz.Person, nowhere, quiet, "Whether signing in asks for a code", handle(a.getTOTP), nil},
		{post, "/auth/totp", authz.Person, nowhere, controlplane.TOTPBegun, "Begin to add an authenticator app", handle(a.beginTOTP), counted},
		{post, "/auth/totp/confirm", authz.Person, nowhere, controlplane.TOTPEnabled, "Confirm the authenticator app by a code", handle(a.enableTOTP), counted},
		{post, "/auth/totp/remove", authz.Person, nowhere, controlplane.TOTPRemoved, "Remove the authenticator app", handle(a.removeTOTP), counted},
		{post, "/auth/totp/recovery-codes", authz.Person, nowhere, controlplane.RecoveryCodesMade, "Make new recovery codes", handle(a.renewRecoveryCodes), counted},

		{get, "/auth/passkeys", authz.Person, nowhere, quiet, "List my passkeys", handle(a.listPasskeys), nil},
		{post, "/auth/passkeys/begin", authz.Person, nowhere, quiet, "Add a passkey: what to ask the browser", handle(a.beginPasskey), counted},
		{post, "/auth/passkeys", authz.Person, nowhere, controlplane.PasskeyCreated, "Add a passkey", handle(a.addPasskey), []option{ownAccount(), noReplay(), status(http.StatusCreated)}},
		{patch, "/auth/passkeys/{passkey}", authz.Person, nowhere, controlplane.PasskeyUpdated, "Rename a passkey of mine", handle(a.renamePasskey), own},
		{remove, "/auth/passkeys/{passkey}", authz.Person, nowhere, controlplane.PasskeyDeleted, "Remove a passkey of mine", handle(a.deletePasskey), own},
	}
	if a.cfg.Development && a.cfg.Mailbox {
		list = append(list, route{get, "/development/mails", authz.Public, nowhere, quiet, "Read the mails that were not sent; development only", handle(a.listMails), nil})
	}
	return list
}
