package connect

import (
	"cmp"
	"encoding/json"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"turnkey/runtime/bundle"
)

// URLs are where an instance answers, and where npm finds our connector (Package; empty: nowhere).
type URLs struct {
	Base, Upload, Token, JWKS string
	Package                   string
}

// Input is what a document is made of.
type Input struct {
	URLs        URLs
	Development bool // an instance of that kind
	Config      *bundle.Config
	// KeySet is what the JWKS address answers.
	KeySet json.RawMessage
}

// ClientAuth are the values that PowerSync's client authentication asks for.
type ClientAuth struct {
	JWKSURI   string   `json:"jwks_uri"`
	Audiences []string `json:"audiences" nullable:"false" doc:"To be accepted beside the PowerSync instance's own URL"`
	// Reachable is false where PowerSync cannot fetch the address; then the keys are pasted.
	Reachable bool   `json:"reachable" doc:"Whether PowerSync Cloud can fetch the JWKS: public and https"`
	Why       string `json:"why,omitempty" doc:"Why it cannot"`
	JWKS      any    `json:"jwks,omitempty" doc:"The keys to paste where it cannot; paste them again after a rotation"`
	YAML      string `json:"yaml" doc:"The same for a self-hosted service's configuration"`
}

// Note is something that the developer should know.
type Note struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Document is what a developer takes from an instance.
type Document struct {
	ClientAuth  ClientAuth `json:"client_auth"`
	SyncStreams Snippet    `json:"sync_streams"`
	SDKs        []SDK      `json:"sdks" nullable:"false"`
	Notes       []Note     `json:"notes" nullable:"false"`
	// FirstWrite are commands for a terminal; empty where a token needs a sign-in, or nobody may write.
	FirstWrite string `json:"first_write,omitempty" doc:"Commands that get a development token and upload one write; absent where there are no development tokens"`
}

// Make writes the document.
func Make(in Input) (Document, error) {
	list := tables(in.Config)
	yaml, open := streams(in.Config, list)
	doc := Document{
		ClientAuth:  in.clientAuth(),
		SyncStreams: Snippet{Name: "sync-streams.yaml", Language: "yaml", Text: yaml},
		Notes:       notes(list, open),
	}
	if in.URLs.Package == "" {
		doc.Notes = append(doc.Notes, Note{"no_connector_package", "This Turnkey was built without the JavaScript connector's package: make it with `npm pack` in web/connector and give npm its path."})
	}
	m := material{
		URL: in.URLs.Base, Connector: cmp.Or(in.URLs.Package, "<the packed connector>"), Development: in.Development && in.Config.Auth.DevelopmentTokens, Tables: list,
		Rejections: rejectionColumns, Conflicts: conflictColumns, Providers: providers(in.Config),
	}
	if m.Development {
		doc.FirstWrite = firstWrite(in.URLs, list)
	}
	for _, k := range kits {
		sdk, err := k.write(m)
		if err != nil {
			return Document{}, err
		}
		doc.SDKs = append(doc.SDKs, sdk)
	}
	return doc, nil
}

func notes(list []table, open []string) []Note {
	out := []Note{}
	if len(open) > 0 {
		out = append(out, Note{"stream_open", "These streams send every row to everybody who is signed in, because no rule says whose a row is: " + strings.Join(open, ", ") + "."})
	}
	for _, t := range list {
		if len(t.Columns) == 0 {
			out = append(out, Note{"no_columns", "The table " + t.Name + " declares no fields, so its schema has no columns. Inspect the source, or add fields to the configuration."})
		}
	}
	return out
}

// clientAuth decides whether the key set can be fetched, and says it in both of PowerSync's forms.
func (in Input) clientAuth() ClientAuth {
	out := ClientAuth{JWKSURI: in.URLs.JWKS, Audiences: in.Config.Auth.Audiences}
	out.Reachable, out.Why = Reachable(in.URLs.JWKS)
	var b strings.Builder
	b.WriteString("client_auth:\n")
	if out.Reachable {
		b.WriteString("  jwks_uri: " + quoted(in.URLs.JWKS) + "\n")
	} else {
		out.JWKS = in.KeySet
		b.WriteString("  jwks: " + string(in.KeySet) + "\n")
	}
	b.WriteString("  audience:\n")
	for _, a := range in.Config.Auth.Audiences {
		b.WriteString("    - " + quoted(a) + "\n")
	}
	out.YAML = b.String()
	return out
}

// quoted is a YAML string; JSON's form is one.
func quoted(s string) string { return escaped(s, "") }

// Reachable reports whether PowerSync Cloud can fetch an address, as far as its text tells.
func Reachable(address string) (ok bool, why string) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false, "The address cannot be read."
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil && (!ip.IsGlobalUnicast() || ip.IsPrivate()) {
		return false, "The address is private: PowerSync cannot reach it."
	}
	local := host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
	switch {
	case local || net.ParseIP(host) == nil && !strings.Contains(host, "."):
		return false, "The host " + host + " is known on your network only: PowerSync cannot reach it."
	case u.Scheme != "https":
		return false, "PowerSync Cloud fetches keys over https only."
	}
	return true, ""
}
