//go:build bench

package upload

import "os"

// leavesReceipts is false in a process that is started with TURNKEY_BENCH_RECEIPTS=off. Such a build is for
// measuring alone: it has no promise left to keep.
var leavesReceipts = os.Getenv("TURNKEY_BENCH_RECEIPTS") != "off"
