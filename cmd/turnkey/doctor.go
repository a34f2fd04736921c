package main

import (
	"turnkey/internal/clock"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/token"
)

// newDoctor looks at tokens as an instance would. Users are not looked up in its source, and its code is not asked.
func (p *runtimeParts) newDoctor(b *bundle.Bundle) (command.Doctor, error) {
	a, err := token.New(b, token.Deps{Keys: p.keys, Now: clock.Now})
	if err != nil {
		return nil, err
	}
	return a, nil
}
