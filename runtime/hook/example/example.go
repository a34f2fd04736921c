// Package example has the hook that is measured, by the bench and by the sandbox's own tests, so that both speak of the
// same one. It must not know who runs it.
package example

import _ "embed"

// Typical is a hook as customers write them: about 60 lines on ten columns, some 50 us of the interpreter by itself.
//
//go:embed typical.ts
var Typical string
