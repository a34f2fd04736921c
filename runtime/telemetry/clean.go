package telemetry

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts, in bytes.
const (
	maxName    = 128 // request, instance, client and rejection ids, SDK, app version, code, table
	maxUserID  = 512
	maxMessage = 500
	maxTables  = 16
	maxHooks   = 64
)

// Clean makes a text safe to show in a terminal, a table and a log: valid UTF-8, at most max bytes, no
// control characters, and none that hide or reorder what follows them.
func Clean(s string, max int) string {
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "") // a cut character leaves nothing
	}
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unsafeRune(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// unsafeRune: control characters, line and paragraph separators, and the format characters, among them
// every one that changes direction (U+061C, U+200E, U+202A to U+202E, U+2066 to U+2069).
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Clean makes every text of an entry safe and bounded.
func (e *Entry) Clean() {
	for _, s := range []*string{&e.Instance, &e.RequestID, &e.ClientID, &e.SDK, &e.AppVersion, &e.Code, &e.Rejection, &e.Lane, (*string)(&e.Kind), (*string)(&e.Outcome)} {
		*s = Clean(*s, maxName)
	}
	e.UserID, e.Message = Clean(e.UserID, maxUserID), Clean(e.Message, maxMessage)
	if e.Trace != nil {
		e.Trace.clean()
	}
	if len(e.Operations) > maxTables {
		e.Operations = e.Operations[:maxTables]
	}
	for i := range e.Operations {
		e.Operations[i].Table = Clean(e.Operations[i].Table, maxName)
	}
	if len(e.Hooks) > maxHooks {
		e.Hooks = e.Hooks[:maxHooks]
	}
	for i := range e.Hooks {
		e.Hooks[i].Hook, e.Hooks[i].Result = Clean(e.Hooks[i].Hook, maxName), Clean(e.Hooks[i].Result, maxName)
	}
}

// Clean makes the texts of a counter safe and bounded.
func (c *Count) Clean() {
	c.Instance, c.Label, c.Outcome = Clean(c.Instance, maxName), Clean(c.Label, maxName), Clean(c.Outcome, maxName)
}

// clip bounds what an entry that waits holds on to. What is cut is copied: a slice would keep the whole.
func (e *Entry) clip() {
	for _, s := range []*string{&e.RequestID, &e.ClientID, &e.SDK, &e.AppVersion, &e.Code, &e.Rejection, &e.Lane} {
		clip(s, maxName)
	}
	clip(&e.UserID, maxUserID)
	clip(&e.Message, maxMessage)
	for i := range e.Operations {
		clip(&e.Operations[i].Table, maxName)
	}
}

func clip(s *string, max int) {
	if len(*s) > max {
		*s = strings.Clone((*s)[:max])
	}
}
