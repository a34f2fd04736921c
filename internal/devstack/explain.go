package devstack

import (
	"fmt"

	"turnkey/internal/fault"
)

// Explain turns an error of this package into one text with cause and hint, for a developer's
// terminal. Nothing in these errors is secret.
func Explain(err error) error {
	f := fault.Of(err)
	if f == nil {
		return nil
	}
	text := f.Message
	if f.Err != nil {
		text += " (" + f.Err.Error() + ")"
	}
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return fmt.Errorf("%s", text)
}
