package dashboardapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/mux"

	"turnkey/controlplane/authz"
)

// apiVersion is the version of the contract; within /api/v1 it only grows.
const apiVersion = "1.0.0"

// description is huma's configuration: no documents or pages of its own, our errors, JSON only.
func (a *api) description() huma.Config {
	c := huma.DefaultConfig("Turnkey", apiVersion)
	c.CreateHooks = nil // they add $schema fields to every answer
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.Transformers = []huma.Transformer{a.transform}
	c.RejectUnknownQueryParameters = true
	c.Info.Description = "Everything that the dashboard does. Not yours is answered like not there: 404. Errors are RFC 9457 documents with a stable code."
	c.Servers = []*huma.Server{{URL: strings.TrimSuffix(a.cfg.BaseURL, "/")}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token: tk_..."},
		"session": {Type: "apiKey", In: "cookie", Name: a.cookieName(), Description: "A browser's session, from /auth/login"},
	}
	return c
}

// operation describes a route to huma.
func (a *api) operation(r *route) huma.Operation {
	s := r.settings()
	op := huma.Operation{
		OperationID: operationID(r), Method: r.method, Path: prefix + pathParameter.ReplaceAllString(r.path, "{$1}"), Summary: r.summary, Tags: []string{tag(r.path)},
		SkipValidateParams: s.navigation, // providers send parameters of their own
		BodyReadTimeout:    -1,           // readBody has it whole by then; at huma's deadline of 5 s net/http would take the client for gone, and end work that goes on for longer
		MaxBodyBytes:       s.maxBody, DefaultStatus: s.status, Description: "Permission: " + string(r.permission) + ".",
		Responses: map[string]*huma.Response{"default": {
			Description: "What went wrong",
			Content:     map[string]*huma.MediaType{problemType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
		}},
	}
	if r.mutates() {
		op.Description += " Audit event: " + string(r.event) + "."
	}
	if r.permission != authz.Public {
		op.Security = []map[string][]string{{"session": {}}}
		if r.permission != authz.Person {
			op.Security = append(op.Security, map[string][]string{"token": {}})
		}
	}
	if s.settle != nil {
		op.Responses["202"] = &huma.Response{Description: "Done, but no runtime serves it after 10 s: pending is true. Read the instance's status until it is ready."}
	}
	if s.ifMatch {
		op.Parameters = append(op.Parameters, headerParameter("If-Match", true, "The ETag that you read."))
	}
	if r.method == post && r.mutates() && r.permission != authz.Public && !s.noReplay {
		op.Parameters = append(op.Parameters, headerParameter(keyHeader, false, "Repeating a request with the same key within 24 hours gives the first answer again."))
	}
	return op
}

// describeSettling gives a pending answer the body of the usual one; huma has described that by now.
func describeSettling(op huma.Operation) {
	pending, usual := op.Responses["202"], op.Responses[strconv.Itoa(cmp.Or(op.DefaultStatus, http.StatusOK))]
	if pending != nil && usual != nil && pending != usual {
		pending.Content = usual.Content
	}
}

func headerParameter(name string, required bool, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Required: required, Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// operationID is stable and readable: get-orgs-members-user.
func operationID(r *route) string {
	words := strings.FieldsFunc(strings.ToLower(r.path), func(c rune) bool {
		return c == '/' || c == '{' || c == '}' || c == '-' || c == '.' || c == ':' || c == '*' || c == '+'
	})
	return strings.ToLower(r.method) + "-" + strings.Join(words, "-")
}

// tag groups operations by noun: the last fixed word that is a collection.
func tag(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) >= 3 && !strings.HasPrefix(parts[2], "{") {
		return parts[2]
	}
	return parts[0]
}

// documents serves the finished OpenAPI document.
func (a *api) documents(described huma.API) error {
	text, err := marshalDescription(described)
	if err != nil {
		return err
	}
	a.router.NewRoute().Path(prefix + "/openapi.json").Methods(get).HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text) // the caller may have gone
	})
	return nil
}

func marshalDescription(described huma.API) ([]byte, error) {
	described.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "Problem")
	text, err := json.MarshalIndent(described.OpenAPI(), "", " ")
	if err != nil {
		return nil, fmt.Errorf("dashboard-api: describe the API: %w", err)
	}
	return text, nil
}

// Description is the OpenAPI document of the API at base ("https://dashboard.example"), for generators of
// clients; it needs no database. Development adds the routes that only development has.
func Description(base string) ([]byte, error) {
	a := &api{cfg: Config{BaseURL: base, Development: true, Mailbox: true}, limits: newLimiters(Limits{}), router: mux.NewRouter()}
	a.table = a.routes()
	described, err := a.describe()
	if err != nil {
		return nil, err
	}
	return marshalDescription(described)
}
