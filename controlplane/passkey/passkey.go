// Package passkey checks what browsers' authenticators say (WebAuthn): passkeys that prove a person by
// themselves, with a fingerprint or a PIN on their device, and only to our own address.
//
// It must not know rows, sessions or who may sign in: the domain keeps what a ceremony has asked for, gives
// it back once, and finds the passkey that is named.
package passkey

import (
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// Verifier checks ceremonies of one site. Safe for concurrent use.
type Verifier struct{ site *webauthn.WebAuthn }

var _ controlplane.PasskeyVerifier = (*Verifier)(nil)

// Possible reports whether browsers know passkeys for a site: not where its host is a bare address.
func Possible(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return false
	}
	_, err = netip.ParseAddr(u.Hostname())
	return err != nil
}

// New makes the verifier of the site that browsers reach at base, such as "https://dashboard.example".
func New(base string) (*Verifier, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "settings", "The site's address cannot be read.")
	}
	yes := true
	site, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Turnkey", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation, // which make of key it is, is nobody's business
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &yes, // found without a name
			UserVerification: protocol.VerificationRequired, // the device knows its owner: two factors in one
		},
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "settings", "Passkeys cannot work at the site's address.")
	}
	return &Verifier{site}, nil
}

// person is a user as the library sees one.
type person struct {
	user        controlplane.User
	credentials []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return []byte(p.user.ID) }
func (p person) WebAuthnName() string                       { return p.user.Email }
func (p person) WebAuthnDisplayName() string                { return p.user.Name }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

func personOf(user controlplane.User, there []controlplane.Passkey) (p person, err error) {
	p.user = user
	for _, k := range there {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Credential, &c); err != nil {
			return p, err
		}
		p.credentials = append(p.credentials, c)
	}
	return p, nil
}

// BeginRegistration implements controlplane.PasskeyVerifier.
func (v *Verifier) BeginRegistration(user controlplane.User, there []controlplane.Passkey) (controlplane.Ceremony, error) {
	p, err := personOf(user, there)
	if err != nil {
		return controlplane.Ceremony{}, err
	}
	options, session, err := v.site.BeginRegistration(p, webauthn.WithExclusions(webauthn.Credentials(p.credentials).CredentialDescriptors()))
	if err != nil {
		return controlplane.Ceremony{}, err
	}
	return ceremony(options.Response, session)
}

// BeginLogin implements controlplane.PasskeyVerifier.
func (v *Verifier) BeginLogin() (controlplane.Ceremony, error) {
	options, session, err := v.site.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return controlplane.Ceremony{}, err
	}
	return ceremony(options.Response, session)
}

func ceremony(options any, session *webauthn.SessionData) (c controlplane.Ceremony, err error) {
	c.Challenge = session.Challenge
	if c.Options, err = json.Marshal(options); err != nil {
		return c, err
	}
	c.Session, err = json.Marshal(session)
	return c, err
}

// FinishRegistration implements controlplane.PasskeyVerifier.
func (v *Verifier) FinishRegistration(user controlplane.User, session, response []byte) (id, credential []byte, err error) {
	var asked webauthn.SessionData
	if err := json.Unmarshal(session, &asked); err != nil {
		return nil, nil, err
	}
	said, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, nil, refused(err)
	}
	made, err := v.site.CreateCredential(person{user: user}, asked, said)
	if err != nil {
		return nil, nil, refused(err)
	}
	credential, err = json.Marshal(made)
	return made.ID, credential, err
}

// FinishLogin implements controlplane.PasskeyVerifier.
func (v *Verifier) FinishLogin(session, response []byte, find func(credentialID []byte) (controlplane.User, controlplane.Passkey, error)) (credential []byte, err error) {
	var asked webauthn.SessionData
	if err := json.Unmarshal(session, &asked); err != nil {
		return nil, err
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, refused(err)
	}
	var trouble error // the library would fold it into its own
	_, now, err := v.site.ValidatePasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
		user, key, err := find(id)
		if err != nil {
			trouble = err
			return nil, err
		}
		return personOf(user, []controlplane.Passkey{key})
	}, asked, said)
	switch {
	case trouble != nil:
		return nil, trouble
	case err != nil:
		return nil, refused(err)
	case now.Authenticator.CloneWarning:
		return nil, refused(errors.New("the passkey's counter went back: there is a copy of it"))
	}
	return json.Marshal(now)
}

func refused(err error) error {
	return fault.Wrap(err, fault.Unauthenticated, "passkey_refused", "This passkey does not prove who you are here.")
}
