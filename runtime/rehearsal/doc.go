// Package rehearsal is the language of dry runs: what a configuration and its hooks would make of a write,
// asked and answered without one. It has pure types, how verdicts are compared and reports are added up.
// It must not do I/O, and must not know how a write is decided, or who asks.
//
//	Order ──► the pipeline, with everything but the commit ──► Verdict
//	recorded conflicts and rejections, one by one ──► what was ≟ what would be ──► Report
//
// The pipeline's half is in package upload: a Rehearsal is an engine over a source that cannot commit.
package rehearsal
