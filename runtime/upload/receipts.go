//go:build !bench

package upload

// leavesReceipts: every upload leaves receipts. Only a build with the tag bench can do without, to measure
// what they cost.
const leavesReceipts = true
