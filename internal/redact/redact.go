// Package redact has the type for text that must never print: passwords, connection strings,
// private keys. It must not know where secrets come from or how they are stored.
package redact

import (
	"fmt"
	"log/slog"
)

// Placeholder is what a secret prints as, everywhere.
const Placeholder = "[redacted]"

// Secret holds text that cannot be printed, logged or marshalled by accident. Its zero value is an
// empty secret. Only Reveal gives the text, so a reader can find every use by searching for it.
type Secret struct{ text string }

// New wraps text.
func New(text string) Secret { return Secret{text} }

// Reveal gives the text. Call it as late as possible and do not keep the result.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.text == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return Placeholder }

// Format implements fmt.Formatter, so that no verb reaches the text: %d or %#v would otherwise print
// the unexported field.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Placeholder)) }

// MarshalText covers JSON, YAML and every text encoder.
func (Secret) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// UnmarshalText reads a secret from a document or the environment.
func (s *Secret) UnmarshalText(b []byte) error {
	s.text = string(b)
	return nil
}

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(Placeholder) }
