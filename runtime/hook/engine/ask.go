package engine

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
)

// answer is what js/db.js and js/fetch.js read.
type answer struct {
	Value jsontext.Value  `json:"value,omitzero"`
	Error *hook.HostError `json:"error,omitzero"`
}

// db carries out one call of ctx.db.
func (s *session) db(text string) string {
	r, refused := request[hook.DBRequest](s, text, "ctx.db")
	if refused != "" {
		return refused
	}
	if s.outcome.Usage.DBCalls >= s.run.Limits.DBCalls {
		return refuse("too_many_calls", "One hook may make at most "+strconv.Itoa(s.run.Limits.DBCalls)+" database calls.")
	}
	s.outcome.Usage.DBCalls++
	return s.ask(hook.HostCall{Index: s.index, DB: r})
}

// fetch carries out one HTTP request; js/fetch.js has checked that the function may.
func (s *session) fetch(text string) string {
	r, refused := request[hook.FetchRequest](s, text, "fetch")
	if refused != "" {
		return refused
	}
	if s.outcome.Usage.Fetches >= s.run.Limits.Fetches {
		return refuse("too_many_calls", "One hook may fetch at most "+strconv.Itoa(s.run.Limits.Fetches)+" times.")
	}
	s.outcome.Usage.Fetches++
	return s.ask(hook.HostCall{Index: s.index, Fetch: r})
}

func request[T any](s *session, text, what string) (*T, string) {
	if len(text) > s.run.Limits.HostBytes {
		return nil, refuse("too_large", what+" sends at most "+bytesText(s.run.Limits.HostBytes)+".")
	}
	r := new(T)
	if err := json.Unmarshal([]byte(text), r, json.RejectUnknownMembers(true)); err != nil {
		return nil, refuse("invalid_request", what+" was called with text that is not well formed.")
	}
	return r, ""
}

// ask waits for the host. Its time is not the user's.
func (s *session) ask(c hook.HostCall) string {
	if s.host == nil {
		return refuse("unavailable", "There is no database here.")
	}
	resume := s.watch.pause()
	r, err := s.host(c)
	resume()
	if err != nil || r.Abort {
		s.vm.Interrupt(errAbort) // lands before the next instruction
		return refuse("aborted", "The transaction was given up.")
	}
	if len(r.Value) == 0 {
		r.Value = jsontext.Value("null")
	}
	text, err := json.Marshal(answer{Value: r.Value, Error: r.Error})
	if err != nil {
		return refuse("invalid_answer", "The answer could not be read.")
	}
	return string(text)
}

func refuse(code, message string) string {
	text, err := json.Marshal(answer{Error: &hook.HostError{Code: code, Message: message}})
	if err != nil {
		return `{"error":{"code":"internal","message":""}}`
	}
	return string(text)
}

func bytesText(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + " MB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + " kB"
	}
	return strconv.Itoa(n) + " bytes"
}

// userText and envText are ctx.user and ctx.env for js/core.js.
func userText(u *hook.User) string {
	if u == nil {
		return "null"
	}
	c := *u
	if len(c.Claims) == 0 {
		c.Claims = jsontext.Value("{}")
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "null"
	}
	return string(text)
}

func envText(env map[string]string) string {
	text, err := json.Marshal(env)
	if err != nil || env == nil {
		return "{}"
	}
	return string(text)
}
