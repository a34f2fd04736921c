package hook

import _ "embed"

// TypeScript is turnkey.d.ts: the contract as hook authors and their editors see it.
//
//go:embed turnkey.d.ts
var TypeScript string
