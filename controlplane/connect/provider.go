package connect

import (
	"fmt"
	"strings"

	"turnkey/runtime/bundle"
)

// provider is where getToken comes from, as a comment in each language.
type provider struct {
	Name                            string
	JS, Dart, Kotlin, Swift, CSharp string
}

// known are the sign-ins whose SDKs we know how to ask.
var known = []struct {
	issuer string // part of it
	said   provider
}{
	{"securetoken.google.com", provider{
		JS: "getToken: () => auth.currentUser?.getIdToken() ?? Promise.resolve(null)", Dart: "getToken: () async => FirebaseAuth.instance.currentUser?.getIdToken()",
		Kotlin: "getToken = { Firebase.auth.currentUser?.getIdToken(false)?.await()?.token }", Swift: "{ try await Auth.auth().currentUser?.getIDToken() }",
		CSharp: "() => auth.User == null ? Task.FromResult<string>(null) : auth.User.GetIdTokenAsync()"}},
	{".supabase.co", provider{
		JS: "getToken: async () => (await supabase.auth.getSession()).data.session?.access_token ?? null", Dart: "getToken: () async => Supabase.instance.client.auth.currentSession?.accessToken",
		Kotlin: "getToken = { supabase.auth.currentAccessTokenOrNull() }", Swift: "{ try? await supabase.auth.session.accessToken }",
		CSharp: "() => Task.FromResult(supabase.Auth.CurrentSession?.AccessToken)"}},
	{".auth0.com", provider{
		JS: "getToken: () => auth0.getTokenSilently()", Dart: "getToken: () async => (await auth0.credentialsManager.credentials()).accessToken",
		Kotlin: "getToken = { credentialsManager.awaitCredentials().accessToken }", Swift: "{ try await credentialsManager.credentials().accessToken }",
		CSharp: "() => Task.FromResult(login.AccessToken)"}},
	{"clerk", provider{
		JS: "getToken: async () => (await clerk.session?.getToken()) ?? null", Dart: "getToken: () async => (await auth.sessionToken()).jwt",
		Kotlin: "getToken = { Clerk.session?.fetchToken()?.jwt }", Swift: "{ try await Clerk.shared.session?.getToken()?.jwt }",
		CSharp: "your session's token"}},
	{"cognito-idp.", provider{
		JS: "getToken: async () => (await fetchAuthSession()).tokens?.idToken?.toString() ?? null", Dart: "getToken: () async => your Amplify session's idToken",
		Kotlin: "getToken = { your Amplify session's idToken }", Swift: "{ your Amplify session's idToken }", CSharp: "your Cognito session's IdToken"}},
	{"/realms/", provider{
		JS: "getToken: async () => { await keycloak.updateToken(30); return keycloak.token ?? null; }", Dart: "getToken: () async => your Keycloak session's access token",
		Kotlin: "getToken = { your Keycloak session's access token }", Swift: "{ your Keycloak session's access token }", CSharp: "your Keycloak session's access token"}},
}

// providers says for each provider of the configuration where its token comes from.
func providers(cfg *bundle.Config) (list []provider) {
	for _, p := range cfg.Auth.Providers {
		switch p.Type {
		case bundle.ProviderJWKS, bundle.ProviderPublicKey, bundle.ProviderSharedSecret:
			list = append(list, signIn(p))
		case bundle.ProviderAPIKey:
			said := "your own server asks for the token with its API key: POST /token {\"user_id\": \"...\"}; getToken is for the other providers"
			list = append(list, all(p.Name, said))
		}
	}
	return list
}

func signIn(p bundle.Provider) provider {
	for _, k := range known {
		if strings.Contains(p.Issuer, k.issuer) {
			said := k.said
			said.Name = line(p.Name)
			return said
		}
	}
	from := "the signed-in user's token"
	if p.Issuer != "" {
		from = fmt.Sprintf("the signed-in user's token of %s", p.Issuer)
	}
	return all(p.Name, from)
}

func all(name, said string) provider {
	said = line(said)
	return provider{line(name), said, said, said, said, said}
}

// line keeps a comment one line, whatever a name contains.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
