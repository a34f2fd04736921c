// What the server sends the sign-in page back with when a provider's sign-in came to nothing.
const words = new Map(Object.entries({
  signin_expired: "That sign-in took too long, or began in another browser. Begin again.",
  provider_refused: "The provider did not sign you in.",
  provider_unreachable: "The provider does not answer as it should. Try again later, or sign in another way.",
  provider_untrusted: "What the provider says cannot be verified. Tell the operator of this installation.",
  provider_email_unverified: "The provider does not vouch for your e-mail address. Verify it there and try again.",
  account_unverified: "There is an account of your address that nobody has verified. Sign in with its password and verify the address, or reset the password by mail; then the provider works, too.",
  account_disabled: "This account is disabled.",
  signup_closed: "You have no account here, and signing up is not open. Ask for an invitation.",
  invitation_not_found: "There is no such invitation for your address, or it is used up.",
  no_such_provider: "There is no such provider here.",
  session_ended: "Your session has ended. Sign in to go on where you were.",
  rate_limited: "Too many attempts. Wait a minute and try again.",
}));

/** A sentence for a code of the address. What is unknown is not repeated: anybody can write an address. */
export function refusal(code: string): string {
  return words.get(code) ?? "Signing in did not work. Try again.";
}
